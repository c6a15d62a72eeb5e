"""What went wrong on the way to SAS and back, named by what SAS may have done."""

from __future__ import annotations

import ssl

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from adapter.core.failures import (
    AnswerNotXml,
    AnswerTimedOut,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimedOut,
    NameNotFound,
    NotSent,
    OutcomeUnknown,
    TlsFailed,
)
from adapter.core.redact import shortened

_CERTIFICATE = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed, so no trusted authority vouches for it",
    19: "the certificate comes from an unknown authority",
    20: "the certificate comes from an unknown authority",
    21: "the certificate comes from an unknown authority",
    62: "the certificate is for another host name",
    64: "the certificate is for another IP address",
}
"""Source: OpenSSL, x509_vfy.h, X509_V_ERR_*."""

_NOT_TLS = (
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "WRONG_VERSION_NUMBER",
)
"""Reasons that OpenSSL gives for a peer that does not speak TLS; they vary between releases."""


def not_sent(cause: Exception, server: str, connect_timeout_s: float) -> NotSent:
    """The error for a connection that never came to be.

    Args:
        cause: What `connect` raised: everything in it is before the first byte of a request.
        server: Scheme, host and port, for the message.
        connect_timeout_s: Seconds that were allowed.
    """
    match cause:
        case NameResolutionError() | LocationParseError():
            return NameNotFound(f"the host name of {server} is unknown{_because(cause)}")
        case NewConnectionError():
            return ConnectionRefused(f"{server} takes no connection{_because(cause)}")
        case ConnectTimeoutError():
            return ConnectTimedOut(f"{server} did not connect within {connect_timeout_s:g} s")
        case TimeoutError():
            return ConnectTimedOut(
                f"{server} connected, but its TLS handshake took more than {connect_timeout_s:g} s"
            )
        case _:
            return TlsFailed(f"no TLS connection to {server}: {_tls_reason(cause)}")


def outcome_unknown(
    error: Exception, server: str, timeout_s: float, status: int | None = None
) -> OutcomeUnknown:
    """The error for a connection that broke, or stayed silent, after the request was on its way.

    Args:
        error: What requests or urllib3 raised.
        server: Scheme, host and port, for the message.
        timeout_s: Seconds that were allowed for the whole answer.
        status: HTTP status, where the answer had begun.
    """
    match _innermost(error):
        case TimeoutError() | ReadTimeoutError():
            return AnswerTimedOut(
                f"{server} gave no complete answer within {timeout_s:g} s", http_status=status
            )
        case DecodeError():
            return AnswerNotXml(
                f"the compressed answer of {server} cannot be unpacked", http_status=status
            )
        case cause:
            return ConnectionLost(
                f"the connection to {server} broke after the request: {_told(cause)}",
                http_status=status,
            )


def _because(cause: Exception) -> str:
    why = cause.__cause__
    return f": {_told(why)}" if why else ""


def _tls_reason(cause: Exception) -> str:
    error = _innermost(cause)
    match error:
        case ssl.SSLCertVerificationError():
            known = _CERTIFICATE.get(error.verify_code, "the certificate is not trusted")
            return f"{known} ({shortened(error.verify_message)})"
        case ssl.SSLError(reason=str(reason)) if reason in _NOT_TLS:
            return "the port does not speak TLS; perhaps the address must begin with http://"
        case ssl.SSLEOFError() | ConnectionError():
            return "the server broke off the handshake"
        case _:
            return _told(error)


def _innermost(error: BaseException) -> BaseException:
    """The error that urllib3 and requests wrapped, layer by layer."""
    match error:
        case MaxRetryError(reason=Exception() as wrapped):
            return _innermost(wrapped)
        case DecodeError():
            return error
        case BaseException(args=(*_, Exception() as wrapped)):
            return _innermost(wrapped)
        case _:
            return error


def _told(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return shortened(text) or type(error).__name__
