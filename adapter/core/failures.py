"""What can go wrong with one attempt to call SAS: the branch of the error tree below DeliveryError.

`effect` says what SAS may have done, and decides what becomes of the delivery.

```
DeliveryError
├── NotSent         NameNotFound, ConnectionRefused, ConnectTimedOut, TlsFailed,
│                   ContractUnavailable
├── LinksExpired, GaveUp, MayHaveRun   not sent either, but for no fault of the server
├── NotRun          SasBusy, CredentialsRefused, RequestRefused, ClientFault,
│                   ConfigurationFault, ContractUnusable, RouteUnknown
├── ProgramFailed   it ran
└── OutcomeUnknown  ProgramTimedOut, ServerFailed, AnswerTimedOut, ConnectionLost,
    │               AnswerTooLarge, WorkerDied, AttemptCrashed
    └── AnswerUnreadable   AnswerIsHtml, AnswerEmpty, AnswerNotXml, AnswerNotSas
```
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from adapter.core.errors import AdapterError


class Effect(StrEnum):
    """What SAS may have done with an attempt that went wrong."""

    NOT_SENT = "not_sent"
    NOT_RUN = "not_run"
    RAN = "ran"
    UNKNOWN = "unknown"


class DeliveryError(AdapterError):
    """One attempt to call SAS went wrong.

    Args:
        message: What happened, naming address or value.
        details: Further lines, such as the nested messages of a SAS fault.
        http_status: Status of SAS's answer, if there was one.
        retry_after_s: Seconds that SAS asked to wait, if it did.
        syscc: The stored process's SYSCC, if SAS told it.
    """

    code = "SAS_ERROR"
    effect: ClassVar[Effect] = Effect.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        details: tuple[str, ...] = (),
        http_status: int | None = None,
        retry_after_s: float | None = None,
        syscc: str = "",
    ) -> None:
        super().__init__(message)
        self.details = details
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        self.syscc = syscc


class NotSent(DeliveryError):
    """Nothing reached SAS: name look-up, connect or TLS handshake failed."""

    effect = Effect.NOT_SENT


class NameNotFound(NotSent):
    """The host name cannot be resolved."""

    code = "SAS_NAME_NOT_FOUND"
    remedy = "Check the host in stpurl and the name servers of this machine."


class ConnectionRefused(NotSent):
    """Nothing listens at the address, or the network cannot reach it."""

    code = "SAS_CONNECTION_REFUSED"
    remedy = "Check that the SAS web application server runs and that no firewall is between."


class ConnectTimedOut(NotSent):
    """No connection within the connect time-out."""

    code = "SAS_CONNECT_TIMED_OUT"
    remedy = "Check host and port in stpurl and the firewall between."


class TlsFailed(NotSent):
    """The TLS handshake failed: certificate, name or protocol."""

    code = "SAS_TLS_FAILED"
    remedy = "Name the certificate authority's file in ca_file, or mend the server's certificate."


class ContractUnavailable(NotSent):
    """The WSDL was never pinned and cannot be fetched now."""

    code = "SAS_CONTRACT_UNAVAILABLE"
    remedy = "Open the address with ?wsdl in a browser on this machine; it must show the WSDL."


class LinksExpired(DeliveryError):
    """The presigned links of the task expired before it could be sent."""

    code = "LINKS_EXPIRED"
    effect = Effect.NOT_SENT
    remedy = "Run the CI 360 task again: its fresh links heal this delivery."


class GaveUp(DeliveryError):
    """The task waited longer than the route's give_up_after."""

    code = "GAVE_UP"
    effect = Effect.NOT_SENT
    remedy = "Look whether the task is still wanted; give_up_after sets how long one may wait."


class MayHaveRun(DeliveryError):
    """An attempt before may have run it, and `idempotent` was turned off since."""

    code = "MAY_HAVE_RUN"
    effect = Effect.NOT_SENT
    remedy = "Look whether the stored process ran at an attempt before."


class NotRun(DeliveryError):
    """SAS answered, and certainly did not run the stored process."""

    effect = Effect.NOT_RUN


class SasBusy(NotRun):
    """The middle tier answered 503 or 429."""

    code = "SAS_BUSY"
    remedy = "Wait a little; if it lasts, look at the middle tier."


class CredentialsRefused(NotRun):
    """SAS refused user name or password, or showed its login page."""

    code = "SAS_CREDENTIALS_REFUSED"
    remedy = (
        "Give stpusername and a stppassword in clear text in conf/credentials.ini; where they are "
        "right, save the file again once SAS accepts the user. Then: sasbiws config reload."
    )


class RequestRefused(NotRun):
    """The middle tier refused the request: wrong address, method or rights."""

    code = "SAS_REQUEST_REFUSED"
    remedy = "Check stpurl: folders, stored process and service must be spelt as in SAS."


class ClientFault(NotRun):
    """SAS fault 2000: a prompt, the request or the right to the stored process."""

    code = "SAS_CLIENT_FAULT"
    remedy = "Compare prompts and data sources of the stored process with the payload."


class ConfigurationFault(NotRun):
    """SAS fault 4000: a server or account behind the web services is not available."""

    code = "SAS_CONFIGURATION_FAULT"
    remedy = "Check the metadata server and the stored process server."


class ContractUnusable(NotRun):
    """The pinned WSDL has no operation that this stored process can be called by."""

    code = "SAS_CONTRACT_UNUSABLE"
    remedy = (
        "Check that stpurl is the address of this web service; "
        "delete its folder in wsdl_cache to pin the WSDL anew."
    )


class RouteUnknown(NotRun):
    """The stored process was configured when the task was accepted, and is no longer."""

    code = "ROUTE_UNKNOWN"
    remedy = "Put the section back into conf/serviceConfig.ini, then: sasbiws config reload."


class ProgramFailed(DeliveryError):
    """SAS fault 3000: the stored process ran and ended with an unaccepted SYSCC."""

    code = "SAS_PROGRAM_FAILED"
    remedy = "Read the stored process's log and mend what it tells."
    effect = Effect.RAN


class OutcomeUnknown(DeliveryError):
    """The stored process may or may not have run."""

    effect = Effect.UNKNOWN


class ProgramTimedOut(OutcomeUnknown):
    """SAS fault 5000: the stored process ran longer than SAS allows."""

    code = "SAS_PROGRAM_TIMED_OUT"
    remedy = "Look whether the stored process finished."


class ServerFailed(OutcomeUnknown):
    """The middle tier failed without saying what happened to the stored process."""

    code = "SAS_SERVER_FAILED"
    remedy = "Look into the middle tier's log and whether the stored process ran."


class AnswerTimedOut(OutcomeUnknown):
    """No complete answer within the time-out."""

    code = "SAS_ANSWER_TIMED_OUT"
    remedy = "Look whether the stored process finished; raise timeout if it needs longer."


class ConnectionLost(OutcomeUnknown):
    """The connection broke after the request was on its way."""

    code = "SAS_CONNECTION_LOST"
    remedy = "Look whether the stored process ran."


class AnswerTooLarge(OutcomeUnknown):
    """The answer has more bytes than allowed."""

    code = "SAS_ANSWER_TOO_LARGE"
    remedy = "Let the stored process write files, not megabytes into its output stream."


class WorkerDied(OutcomeUnknown):
    """The process that made the attempt ended before it could record the outcome."""

    code = "WORKER_DIED"
    remedy = "Look whether the stored process ran."


class AttemptCrashed(OutcomeUnknown):
    """A defect of the adapter ended the attempt; the log holds what a defect report needs."""

    code = "ADAPTER_CRASHED"
    remedy = "Look whether the stored process ran; report the lines of the log as a defect."


class AnswerUnreadable(OutcomeUnknown):
    """An answer came that says nothing about the stored process."""

    code = "SAS_ANSWER_UNREADABLE"
    remedy = "Open the address in a browser on this machine; a proxy or portal may be answering."


class AnswerIsHtml(AnswerUnreadable):
    """An HTML page came where XML was expected."""

    code = "SAS_ANSWER_IS_HTML"


class AnswerEmpty(AnswerUnreadable):
    """The answer has no body."""

    code = "SAS_ANSWER_EMPTY"


class AnswerNotXml(AnswerUnreadable):
    """The answer is not well-formed XML, such as one that was cut off."""

    code = "SAS_ANSWER_NOT_XML"


class AnswerNotSas(AnswerUnreadable):
    """The answer is XML but not the result of a stored process."""

    code = "SAS_ANSWER_NOT_SAS"
