"""`GET /files/<token>/<name>`: staged files, for the SAS host alone, by links nobody can guess."""

from __future__ import annotations

import hmac
import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import PurePath
from urllib.parse import urlsplit

from flask import Flask, Response, g, send_file

from adapter.core.access import Address, address_of
from adapter.core.delivery import Delivery, State
from adapter.core.staging import StagedFile
from adapter.ports import DeliveryStore
from adapter.staging.stager import Desk
from adapter.web.refusals import Refusal

LOOKED_UP_FOR_S = 60.0
_TYPES = {".csv": "text/csv", ".json": "application/json", ".gz": "application/gzip"}


class FileCallerRefused(Refusal):
    """The caller's address is not among those that may fetch staged files."""

    code = "FILE_CALLER_REFUSED"
    remedy = "Name the host that fetches in files_allow; by itself the SAS host of stpurl may."


class FileUnknown(Refusal):
    """There is no staged file by this link, or no longer."""

    code = "FILE_UNKNOWN"
    remedy = "Take the link from what SAS was sent last; it ends with its delivery."
    status = 404


@dataclass
class Files:
    """The endpoint of staged files.

    Args:
        desk: How long files are kept, and where.
    """

    desk: Desk
    deliveries: DeliveryStore
    _known: dict[str, tuple[float, frozenset[Address]]] = field(default_factory=dict)

    def add_to(self, app: Flask) -> None:
        """Answer from now on."""
        app.add_url_rule("/files/<token>/<name>", "file", self.file)

    def file(self, token: str, name: str) -> Response:
        """The file, or the range of it that is asked for, as it was sent.

        Raises:
            FileCallerRefused: Not from there.
            FileUnknown: No such link, or no longer.
        """
        peer = g.caller.peer
        if not self._may(peer.address):
            raise FileCallerRefused(f"files are not given to {peer}")
        delivery_id, file = self._found(token, name)
        place = self.desk.folder.of(delivery_id) / file.name
        if not place.is_file():
            raise FileUnknown("the file of this link is here no more")
        kind = _TYPES.get(PurePath(file.name).suffix.lower(), "application/octet-stream")
        # An ETag of its own: what is asked for in ranges is proven to be one file.
        response = send_file(place, mimetype=kind, conditional=True, etag=file.sha256)
        if file.encoding:
            response.headers["Content-Encoding"] = file.encoding
        facts = {"delivery": delivery_id, "file": file.name, "status": response.status_code}
        self.desk.observer.event(
            "file", logging.INFO, request=g.request_id, peer=str(peer), **facts
        )
        return response

    def _found(self, token: str, name: str) -> tuple[str, StagedFile]:
        delivery_id = token.partition("-")[0]
        delivery = self.deliveries.get(delivery_id) if delivery_id.isalnum() else None
        if delivery is not None and delivery.staging is not None and self._in_force(delivery):
            ending = f"/files/{token}/{name}".encode("utf-8", "surrogatepass")
            for file in delivery.staging.files:
                own = urlsplit(file.location).path.encode()
                if own and hmac.compare_digest(own[own.find(b"/files/") :], ending):
                    return delivery_id, file
        raise FileUnknown("no staged file has this link, or none has it any more")

    def _in_force(self, delivery: Delivery) -> bool:
        now, staging = self.desk.clock.now(), delivery.staging
        if staging is None or staging.done_at is None or staging.expires_at is None:
            return False
        # A person may have sent it again long after: then its links are to last anew.
        sent_at = max(delivery.queued_at, staging.done_at)
        if now > sent_at + staging.expires_at - staging.done_at:
            return False
        if delivery.state is State.DELIVERED:
            return now <= delivery.updated_at + self.desk.keep_s
        return not delivery.state.ended or delivery.state is State.PARKED

    def _may(self, address: Address | None) -> bool:
        return address is not None and any(self._allows(each, address) for each in self._allowed())

    def _allowed(self) -> Iterator[str]:
        # Those that stage no more too: what they have staged is still to be fetched.
        for route in self.desk.routes.all():
            yield from route.staging.allow or (urlsplit(route.server).hostname or "",)

    def _allows(self, entry: str, address: Address) -> bool:
        try:
            return address in ip_network(entry, strict=False)
        except ValueError:
            return address in self._addresses(entry)

    def _addresses(self, host: str) -> frozenset[Address]:
        now = time.monotonic()
        known = self._known.get(host)
        if known is None or now - known[0] > LOOKED_UP_FOR_S:
            try:
                found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError):
                found = []
            read = (address_of(str(each[4][0])) for each in found)
            known = self._known[host] = now, frozenset(each for each in read if each)
        return known[1]
