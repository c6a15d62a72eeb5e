"""The sealed document with its id and idempotency key: what is stored, leased and sent."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from adapter.core.deadline import links_expire_at
from adapter.core.document import Document
from adapter.core.errors import IdempotencyKeyInvalid
from adapter.core.payload import Payload
from adapter.core.staging import Staging

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


class KeySource(StrEnum):
    """Where an idempotency key came from; only a header is the caller's own word."""

    HEADER = "header"
    BULK_TASK = "bulk_task"
    EVENT = "event"
    RANDOM = "random"


@dataclass(frozen=True)
class IdempotencyKey:
    """What makes two posts the same task, per stored process."""

    value: str
    source: KeySource


@dataclass(frozen=True)
class Message:
    """One accepted task.

    Args:
        delivery_id: Its id for the rest of its life.
        stored_process: The stored process to run.
        key: What makes a second post of it the same task.
        payload: The body as received, from which it can be built again.
        table: The instream document; the transport's wrapper is added when it is sent.
        request_id: The id of the request that brought it.
        task_id: The bulk task or the event that it came from; empty where none is named.
        links_expire_at: When its first presigned link expires, in seconds since 1970-01-01 UTC;
            None where it has none.
        staging: The files that are fetched before it is sent; None where none are.
    """

    delivery_id: str
    stored_process: str
    key: IdempotencyKey
    payload: bytes
    table: bytes
    request_id: str
    task_id: str = ""
    links_expire_at: float | None = None
    staging: Staging | None = None

    @classmethod
    def seal(  # noqa: PLR0913  each is a fact of the message
        cls,
        document: Document,
        payload: Payload,
        *,
        stored_process: str,
        delivery_id: str,
        header_key: str = "",
        request_id: str = "",
        stage: bool = False,
    ) -> Self:
        """The message of a checked document."""
        key = idempotency_key(payload, header_key, random_key=delivery_id)
        return cls(
            delivery_id,
            stored_process,
            key,
            payload.raw,
            document.xml,
            request_id,
            payload.task_id,
            links_expire_at(payload),
            Staging.of(payload) if stage else None,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the payload as received, in hexadecimal digits."""
        return hashlib.sha256(self.payload).hexdigest()


def idempotency_key(payload: Payload, header: str, random_key: str) -> IdempotencyKey:
    """The key of a payload: the header's, else the bulk task's run, else the event's guid.

    Args:
        payload: What was posted.
        header: Value of the Idempotency-Key header, bare or in double quotes; empty for none.
        random_key: Used where nothing identifies the task.

    Raises:
        IdempotencyKeyInvalid: The header is not 1 to 255 printable ASCII characters.
    """
    if header:
        return IdempotencyKey(_header_key(header), KeySource.HEADER)
    names = ("taskId", "taskVersionId", "occurrenceId")
    run = [payload.text_at(name) for name in names]
    if all(run):
        return IdempotencyKey("/".join(run), KeySource.BULK_TASK)
    if guid := payload.text_at("guid"):
        return IdempotencyKey(guid, KeySource.EVENT)
    return IdempotencyKey(random_key, KeySource.RANDOM)


def own_key(header: str) -> IdempotencyKey | None:
    """The key that the header gives; None where it gives none that can be taken."""
    try:
        return IdempotencyKey(_header_key(header), KeySource.HEADER) if header else None
    except IdempotencyKeyInvalid:
        return None


def _header_key(header: str) -> str:
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(
            f"the Idempotency-Key has {len(key)} characters or one outside printable ASCII, "
            "expected 1 to 255 printable ASCII characters"
        )
    return key
