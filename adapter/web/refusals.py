"""Why a caller is not let in; each refusal with its HTTP status.

`Refusal` holds what an answer carries beside its body: challenges and the time to come back.
"""

from __future__ import annotations

from typing import ClassVar

from adapter.core.errors import AdapterError


class Refusal(AdapterError):
    """The caller is not let in.

    Args:
        message: Why.
        challenges: What WWW-Authenticate says, a header for each.
        retry_after_s: Seconds after which it may be tried again; 0 says nothing.
    """

    code = "REFUSED"
    status: ClassVar[int] = 403

    def __init__(
        self, message: str, *, challenges: tuple[str, ...] = (), retry_after_s: int = 0
    ) -> None:
        super().__init__(message)
        self.challenges = challenges
        self.retry_after_s = retry_after_s


class HostRefused(Refusal):
    """The request asks for a host that this adapter is not."""

    code = "HOST_REFUSED"
    remedy = (
        "Call the address that the adapter listens on, or add the name to hosts in [adapter:auth]."
    )


class AddressRefused(Refusal):
    """The caller's address is not among those that may call."""

    code = "ADDRESS_REFUSED"
    remedy = (
        "Add the address to allow_from (tasks) or operator_from (operators) in [adapter:auth]; "
        "behind a proxy name the proxy in trusted_proxies."
    )


class CallerNotLocal(Refusal):
    """The call comes from another machine, and no way to authenticate is configured."""

    code = "CALLER_NOT_LOCAL"
    remedy = (
        "Add a caller with sasbiws auth add, and let the connector send its credentials; "
        "or write allow_anonymous = true into [adapter:auth]."
    )


class CallerNotAllowed(Refusal):
    """The caller is known, and may not reach this address."""

    code = "CALLER_NOT_ALLOWED"
    remedy = "Add a caller that may: sasbiws auth add NAME --for operator, or --for webhook."


class AuthenticationRequired(Refusal):
    """The call proves nothing, and must."""

    code = "AUTHENTICATION_REQUIRED"
    remedy = (
        "Let the connector's endpoint send credentials as sasbiws auth add printed them; "
        "sasbiws auth list tells which there are."
    )
    status = 401


class AuthenticationFailed(Refusal):
    """The user, password, token or key is not one that is known."""

    code = "AUTHENTICATION_FAILED"
    remedy = "Compare with sasbiws auth check NAME; sasbiws auth add makes new credentials."
    status = 401


class TooManyFailures(Refusal):
    """Credentials from this address were wrong too often; right ones still pass."""

    code = "TOO_MANY_FAILURES"
    remedy = "Send right credentials: they pass at once. Wrong ones are answered 401 again later."
    status = 429


class TooManyRequests(Refusal):
    """The caller made more requests a second than it may."""

    code = "TOO_MANY_REQUESTS"
    remedy = "Send less, or raise operator_rate or webhook_rate in [adapter:auth]."
    status = 429


class RequestUnreadable(Refusal):
    """What came is no request of HTTP, or asks for a transfer coding that is not known here."""

    code = "REQUEST_UNREADABLE"
    remedy = (
        "Post with a client library of HTTP/1.1 to an http:// address: "
        "for https:// put a proxy with TLS in front."
    )
    status = 400


class HeadersTooLarge(Refusal):
    """The request line and its headers are larger than is read."""

    code = "HEADERS_TOO_LARGE"
    remedy = "Send fewer headers: a task needs none but its credentials; 32 KiB are read."
    status = 431


class RequestTooSlow(Refusal):
    """The request did not come in whole in time."""

    code = "REQUEST_TOO_SLOW"
    remedy = "Send it at once, or raise request_timeout in [adapter:auth]."
    status = 408


class TooManyConnections(Refusal):
    """The caller's address has as many connections as it may have."""

    code = "TOO_MANY_CONNECTIONS"
    remedy = (
        "Close connections, or raise connections_per_address in [adapter:auth]; "
        "name a proxy in trusted_proxies."
    )
    status = 503


class ExposureRefused(AdapterError):
    """The adapter would take tasks from other machines without authentication."""

    code = "EXPOSURE_REFUSED"
    remedy = (
        "Add a caller with sasbiws auth add; or listen on a loopback address; "
        "or write allow_anonymous = true into [adapter:auth] of conf/serviceConfig.ini."
    )
