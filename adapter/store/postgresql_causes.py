"""What PostgreSQL's errors mean, in a few words without statement, parameters or password."""

from __future__ import annotations

import re

from adapter.core.redact import shortened

# Class 08 and others begin with these; see appendix A of PostgreSQL's documentation.
_STATES = {
    "08": "the connection was lost",
    "23505": "another delivery has this key",
    "25006": "it is read-only, such as a standby",
    "25P03": "a transaction stood still for too long",
    "28": "it refuses the user or the password",
    "3D000": "there is no such database",
    "40001": "it could not serialise concurrent changes",
    "40P01": "it ended a deadlock",
    "3F000": "it has no schema that the user may use",
    "42501": "the user lacks a right there",
    "42P01": "a table is missing",
    "42703": "a column is missing",
    "53100": "the disk is full",
    "53200": "it is out of memory",
    "53300": "it has too many connections",
    "55P03": "a lock was not free in time",
    "57014": "a statement took too long",
    "57P": "it is starting or stopping",
    "58": "the disk reports an error",
    "XX001": "it is corrupt",
    "XX002": "an index of it is corrupt",
}

# While connecting there is no SQLSTATE, only the text of libpq.
_TEXTS = (
    (r"password authentication failed|role .* does not exist", _STATES["28"]),
    (r"no password supplied", "it asks for a password, and none was given"),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects", "its pg_hba.conf admits no such connection"),
    (r"database .* does not exist", _STATES["3D000"]),
    (r"too many (clients|connections)|connection slots are reserved", _STATES["53300"]),
    (r"starting up|shutting down|recovery mode|not yet accept", _STATES["57P"]),
    (r"read-only|standby", _STATES["25006"]),
    (r"connection refused", "nothing listens there"),
    (r"translate host name|name or service not known|resolve|getaddrinfo", "no such host name"),
    (r"certificate|SSL|TLS", "TLS failed"),
    (r"timeout|timed out|unreachable|no route", "no answer came"),
    (r"no space left", _STATES["53100"]),
    (r"broken pipe|reset by peer|closed the connection|EOF", _STATES["08"]),
)
_CONNECTING = re.compile(r"connection (?:to server .*? )?failed:\s*(?:FATAL:\s*)?(.+)")


_OUT_OF_REACH = (_STATES["08"], "nothing listens there", "no such host name", "no answer came")


def is_out_of_reach(sentence: str) -> bool:
    """True where a sentence ends with a cause that says: no such server is there to be reached."""
    return sentence.endswith(tuple(f": {words}" for words in _OUT_OF_REACH))


def cause(error: BaseException) -> str:
    """A few words about an error of psycopg, or of libpq below it."""
    state = getattr(error, "sqlstate", None) or ""
    for length in (5, 3, 2):
        if words := _STATES.get(state[:length]):
            return words
    if state:
        return f"PostgreSQL reports {type(error).__name__} (SQLSTATE {state})"
    return _of_text(str(error))


def _of_text(text: str) -> str:
    for pattern, words in _TEXTS:
        if re.search(pattern, text, re.IGNORECASE):
            return words
    connecting = _CONNECTING.findall(text)
    return shortened(connecting[-1].strip(), 120) if connecting else _STATES["08"]
