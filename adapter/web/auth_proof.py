"""What a caller shows, against what the adapter keeps of it: passwords, tokens, keys.

A token or key is 256 random bits of ours, so its SHA-256 is enough to know it by and cheap to
compare. A password may be a person's own, so it is kept as an argon2id hash, which is meant to be
slow; whoever sends the right one again within `REMEMBERED_S` is known by a keyed hash of it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from adapter.core.access import Caller
from adapter.core.redact import Secret
from adapter.web.refusals import TooManyFailures

TOKEN_BYTES = 32
REMEMBERED_S = 300.0
MOST_REMEMBERED = 1000
AT_A_TIME = 2
"""Passwords that are checked at a time, beside one of an address that has failed often."""

SLOT_WAIT_S = 5.0
_MEMORY_KIB, _PASSES = 19_456, 2
_BUSY_S = 1


def new_token() -> Secret:
    """256 random bits, fit for a header."""
    return Secret(secrets.token_urlsafe(TOKEN_BYTES))


def token_proof(token: str) -> str:
    """What is kept of a token or key."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def password_proof(password: str) -> str:
    """What is kept of a password."""
    from argon2 import PasswordHasher  # noqa: PLC0415  a server without passwords never needs it

    hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1)
    return hasher.hash(_bytes(password))


def is_password(proof: str, password: str) -> bool:
    """Whether this is the password; takes about 20 ms and 19 MiB."""
    from argon2 import PasswordHasher, exceptions  # noqa: PLC0415  as above

    try:
        return PasswordHasher().verify(proof, _bytes(password))
    except (exceptions.VerificationError, exceptions.InvalidHashError):
        return False


def is_token(caller: Caller, token: str) -> bool:
    """Whether this is the token or key of the caller."""
    return hmac.compare_digest(caller.proof, token_proof(token))


@dataclass
class Passwords:
    """Tells right passwords from wrong ones, without letting the slow hash slow others down.

    Args:
        monotonic: Seconds that only go forward.
    """

    monotonic: Callable[[], float]
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _right: OrderedDict[bytes, float] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_A_TIME))
    _suspects: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def _nobody(self) -> str:
        """What is compared for a user that nobody is."""
        return password_proof(secrets.token_urlsafe())

    def right(self, caller: Caller | None, password: str, *, suspect: bool) -> bool:
        """Whether this is the caller's password; for a caller nobody knows as slow as for others.

        Args:
            caller: Of the user name that came along; None where nobody has it.
            password: As sent.
            suspect: Whether its address has failed often.

        Raises:
            TooManyFailures: Its address has failed often, and another of its passwords is checked.
        """
        proof = caller.proof if caller else self._nobody
        mark = hmac.digest(self._key, _bytes(f"{proof}\0{password}"), "sha256")
        if self._is_remembered(mark):
            return True
        with self._slot(suspect=suspect):
            # Those who came together with the same password wait for one check of it.
            if self._is_remembered(mark):
                return True
            right = is_password(proof, password) and caller is not None
        if right:
            self._remember(mark)
        return right

    @contextmanager
    def _slot(self, *, suspect: bool) -> Iterator[None]:
        """Room for one slow check; who has failed often neither waits for one nor keeps others."""
        slots = self._suspects if suspect else self._slots
        got = slots.acquire(blocking=False) if suspect else slots.acquire(timeout=SLOT_WAIT_S)
        if not got:
            busy = "passwords from this address were wrong too often, and one is being checked"
            raise TooManyFailures(busy, retry_after_s=_BUSY_S)
        try:
            yield
        finally:
            slots.release()

    def _is_remembered(self, mark: bytes) -> bool:
        with self._lock:
            now = self.monotonic()
            if now - self._right.get(mark, -REMEMBERED_S) >= REMEMBERED_S:
                return False
            self._right[mark] = now
            return True

    def _remember(self, mark: bytes) -> None:
        with self._lock:
            self._right[mark] = self.monotonic()
            self._right.move_to_end(mark)
            while len(self._right) > MOST_REMEMBERED:
                self._right.popitem(last=False)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
