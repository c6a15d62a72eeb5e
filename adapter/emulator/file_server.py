"""A stand-in for the object store that presigned links lead to."""

import mimetypes
import secrets
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, unquote, urlencode

from lxml import etree

from adapter.emulator.http_messages import Answer, Request
from adapter.emulator.listener import Listener
from adapter.emulator.markup import add

_TYPES: Final = {".csv": "text/csv", ".json": "application/json"}


class FileServer:
    """The files below a folder by GET and HEAD; queries are ignored, so every signature is good.

    ``deny`` may be set at any time: every file then answers 403, as an expired link does.
    """

    def __init__(
        self, folder: Path, port: int = 0, host: str = "127.0.0.1", *, deny: bool = False
    ) -> None:
        """Prepare the server without opening its port; port 0 takes a free one."""
        self.folder = folder
        self.deny = deny
        self._listener = Listener(self._answer, host, port)

    def start(self) -> Self:
        """Open the port and return the server."""
        self._listener.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._listener.stop()

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def url(self) -> str:
        """The address of the server, without a slash at its end."""
        return self._listener.url

    def presigned(self, path: str, length: int = 1760) -> str:
        """Return a presigned link of exactly ``length`` characters to a file below the folder.

        Raises:
            ValueError: a link with all its parts is longer.
        """
        bare = self._signed(path, "")
        if len(bare) > length:
            raise ValueError(f"A link to {path} takes {len(bare)} characters, more than {length}.")
        missing = length - len(bare)
        return self._signed(path, secrets.token_hex((missing + 1) // 2)[:missing])

    def _signed(self, path: str, token: str) -> str:
        now = datetime.now(UTC)
        query = urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"EMULATOR/{now:%Y%m%d}/us-east-1/s3/aws4_request",
                "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
                "X-Amz-Expires": "3600",
                "X-Amz-SignedHeaders": "host",
                "X-Amz-Security-Token": token,
                "X-Amz-Signature": secrets.token_hex(32),
            }
        )
        return f"{self.url}/{quote(path.lstrip('/'))}?{query}"

    def _answer(self, request: Request) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            return _error(405, "MethodNotAllowed", "The method is not allowed.")
        path = unquote(request.path.partition("?")[0]).lstrip("/")
        if self.deny or "\0" in path or not self._is_inside(path):
            return _error(403, "AccessDenied", "Access Denied")
        file = self.folder / path
        if not file.is_file():
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        guessed = _TYPES.get(file.suffix.lower()) or mimetypes.guess_type(file.name)[0]
        return Answer(200, file.read_bytes(), guessed or "application/octet-stream")

    def _is_inside(self, path: str) -> bool:
        return (self.folder / path).resolve().is_relative_to(self.folder.resolve())


def _error(status: int, code: str, message: str) -> Answer:
    root = etree.Element("Error")
    for name, text in (
        ("Code", code),
        ("Message", message),
        ("RequestId", secrets.token_hex(8).upper()),
        ("HostId", secrets.token_hex(32)),
    ):
        add(root, name).text = text
    body = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return Answer(status, body, "application/xml")
