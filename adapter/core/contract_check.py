"""How a pinned contract compares with the published one, and what somebody should know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ContractCheck:
    """How the last comparison of a pinned contract with the published one ended.

    Args:
        checked_at: When, in seconds since 1970-01-01 UTC; 0 where there was none.
        failure: Why it could not be made; empty where it was.
        pinned: Fingerprint of the pinned one.
        published: Fingerprint of the published one.
        since: When this published one was met first.
        breaking: Whether a call does not survive the changes.
        changes: What changed, one line each.
    """

    checked_at: float = 0.0
    failure: str = ""
    pinned: str = ""
    published: str = ""
    since: float = 0.0
    breaking: bool = False
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContractAlert:
    """A web service that publishes another WSDL than the pinned one.

    Args:
        address: Of the web service.
        stored_processes: Who is called by it.
        since: When it was met first, in seconds since 1970-01-01 UTC.
        breaking: Whether a call does not survive the changes.
        changes: What changed, one line each, breaking ones first.
        remedy: What to do.
    """

    address: str
    stored_processes: tuple[str, ...]
    since: float
    breaking: bool
    changes: tuple[str, ...]
    remedy: str
