"""Every error of the adapter, in one tree. Each has a stable code and a remedy.

```
AdapterError
├── ConfigurationInvalid      a conf folder, listed problem by problem
├── AddressInUse              the port to listen on
├── PayloadRefused            not kept: what was posted is not a payload
│   ├── PayloadNotJson, PayloadTooLarge, PayloadTooDeep, PayloadTooManyKeys,
│   └── IdempotencyKeyInvalid, IdempotencyKeyReused
├── Rejected                  kept, to be replayed once mended
│   ├── StpNameMissing, StpNameInvalid, StpNameConflict, StpUnknown
│   └── DocumentInvalid       with every problem
├── DeliveryUnknown, DeliveryNotWaiting, AlreadyAccepted
├── RequestInvalid, DeliveryIdAmbiguous, CountChanged, HoldUnknown   of an operator's request
├── StoreUnavailable, StoreOutdated
│   and of moving one: StoreInUse, CopyRefused, CopyDiffers, in `adapter.core.moving`
├── RouteHeld
├── WsdlNotOffered            what is called by REST has no WSDL
└── DeliveryError             one attempt went wrong: see `adapter.core.failures`
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what would be right.

    Args:
        where: Path of an element, of a payload key, or a file with section and key.
        reason: One sentence in plain words.
        expected: What would have been accepted.
        found: The value met, shortened and without secrets.
        line: Line in the document or file, from 1; None where there is no such line.
    """

    where: str
    reason: str
    expected: str = ""
    found: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """One line of text with all that is known."""
        place = self.where if self.line is None else f"{self.where} (line {self.line})"
        parts = [f"{place}: {self.reason}"]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.found:
            parts.append(f"found {self.found}")
        return "; ".join(parts)

    def to_json(self) -> dict[str, str | int | None]:
        """The problem as JSON members: where, line, reason, expected, found."""
        return {
            "where": self.where,
            "line": self.line,
            "reason": self.reason,
            "expected": self.expected,
            "found": self.found,
        }


class AdapterError(Exception):
    """Root of the tree: one sentence naming the value, a stable code, a remedy.

    Args:
        message: What happened, naming the value found and the value expected.
        problems: Every single problem, when there can be several.
    """

    code: ClassVar[str] = "ADAPTER_ERROR"
    remedy: str = ""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems


class ConfigurationInvalid(AdapterError):
    """The home's configuration cannot be used; `problems` lists all of them."""

    code = "CONFIG_INVALID"
    remedy = "Mend the named keys in the named files and try again."

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message, problems)
        named = dict.fromkeys(problem.where.partition(" ")[0] for problem in problems)
        if named:
            also = "sasbiws config check lists all that is wrong, without starting anything."
            self.remedy = f"Mend {', '.join(named)} and try again; {also}"


class AddressInUse(AdapterError):
    """The address to listen on cannot be bound."""

    code = "ADDRESS_IN_USE"
    remedy = "Stop the program that listens there, or change host or port in conf/serviceConfig.py."


class PayloadRefused(AdapterError):
    """What was posted cannot be taken as a payload, and is not kept."""

    code = "PAYLOAD_REFUSED"


class PayloadNotJson(PayloadRefused):
    """The body is not one JSON object in UTF-8."""

    code = "PAYLOAD_NOT_JSON"
    remedy = "Post one JSON object in UTF-8, as a CI 360 custom task does."


class PayloadTooLarge(PayloadRefused):
    """The body has more bytes than allowed."""

    code = "PAYLOAD_TOO_LARGE"
    remedy = "Send fewer send parameters, or raise max_body in [adapter:server]."


class PayloadTooDeep(PayloadRefused):
    """Objects and arrays are nested deeper than allowed."""

    code = "PAYLOAD_TOO_DEEP"
    remedy = "Flatten the payload: no CI 360 task nests deeper than a few levels."


class PayloadTooManyKeys(PayloadRefused):
    """The payload has more keys than allowed."""

    code = "PAYLOAD_TOO_MANY_KEYS"
    remedy = "Send tables as files, not as send parameters."


class IdempotencyKeyInvalid(PayloadRefused):
    """The Idempotency-Key header is not 1 to 255 printable ASCII characters."""

    code = "IDEMPOTENCY_KEY_INVALID"
    remedy = "Send 1 to 255 printable ASCII characters, or no Idempotency-Key header."


class IdempotencyKeyReused(PayloadRefused):
    """The Idempotency-Key header was used before with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"
    remedy = "Send a new Idempotency-Key with a new body."


class Rejected(AdapterError):
    """A payload that parses but cannot be delivered; it is kept to be replayed once mended.

    Attributes:
        delivery_id: The id it is kept under; empty before it is kept.
        stored_process: What it is kept for, as named by address or payload.
    """

    code = "REJECTED"
    delivery_id: str = ""
    stored_process: str = ""


class StpNameMissing(Rejected):
    """Neither the payload nor the address names a stored process."""

    code = "STP_NAME_MISSING"
    remedy = (
        "Add the send parameter stpName to the custom task, "
        "or let the endpoint be /ExecuteSTP/<name of the stored process>."
    )


class StpNameInvalid(Rejected):
    """The name cannot be the name of a stored process."""

    code = "STP_NAME_INVALID"
    remedy = "Use the stored process's own name: 1 to 128 characters, no slash."


class StpNameConflict(Rejected):
    """The address and the payload name different stored processes."""

    code = "STP_NAME_CONFLICT"
    remedy = "Let the endpoint address and stpName agree, or leave one of them out."


class StpUnknown(Rejected):
    """No section of serviceConfig.ini is named after this stored process."""

    code = "STP_UNKNOWN"
    remedy = "Add a section of exactly this name to conf/serviceConfig.ini, or mend stpName."


class DocumentInvalid(Rejected):
    """The document does not satisfy its schema or the limits of SAS; see `problems`."""

    code = "DOCUMENT_INVALID"
    remedy = (
        "Mend the schema or mapping of this stored process, then: sasbiws deliveries retry "
        "--state rejected; or mend the task and run it again."
    )


class DeliveryUnknown(AdapterError):
    """No delivery has this id."""

    code = "DELIVERY_UNKNOWN"
    remedy = "Use the deliveryId of an answer or of a log line."


class DeliveryNotWaiting(AdapterError):
    """What was asked cannot be done to a delivery in its state."""

    code = "DELIVERY_NOT_WAITING"
    remedy = "Look at it first: sasbiws deliveries show ID."


class AlreadyAccepted(AdapterError):
    """The task of a rejected delivery was accepted meanwhile as another delivery."""

    code = "ALREADY_ACCEPTED"
    remedy = "Discard the rejected one; the other delivery stands for the task."


class RequestInvalid(AdapterError):
    """What an operator asked for cannot be understood."""

    code = "REQUEST_INVALID"
    remedy = "Mend what the message names; docs/commands.md tells filters and verbs."


class DeliveryIdAmbiguous(AdapterError):
    """The beginning of an id fits several deliveries."""

    code = "DELIVERY_ID_AMBIGUOUS"
    remedy = "Give more of the id."


class CountChanged(AdapterError):
    """Other deliveries are meant than the caller saw, so none was changed.

    Args:
        message: Both numbers.
        count: How many are meant now.
    """

    code = "COUNT_CHANGED"
    remedy = "Look again which are meant, then send their number as expect."

    def __init__(self, message: str, count: int = 0) -> None:
        super().__init__(message)
        self.count = count


class HoldUnknown(AdapterError):
    """Nothing holds this account."""

    code = "HOLD_UNKNOWN"
    remedy = "Look which accounts are held: sasbiws deliveries list."


class StoreUnavailable(AdapterError):
    """The delivery database cannot be read or written, so nothing was accepted."""

    code = "STORE_UNAVAILABLE"
    remedy = "Let var be writable and have free space, or PostgreSQL answer; then send again."


class StoreOutdated(AdapterError):
    """The delivery database was made by an older sasbiws and must be upgraded first."""

    code = "STORE_OUTDATED"
    remedy = "Stop every adapter on this database, then: sasbiws store upgrade."


class RouteHeld(AdapterError):
    """The account is held: SAS refused its credentials before, or an operator holds it."""

    code = "ROUTE_HELD"
    remedy = (
        "Lift a hold by hand with sasbiws deliveries release, once SAS may be called again; "
        "where SAS refused the user, mend conf/credentials.ini, then: sasbiws config reload."
    )


class WsdlNotOffered(AdapterError):
    """The WSDL was asked for of a stored process that is called by REST, which has none."""

    code = "WSDL_NOT_OFFERED"
    remedy = (
        "Name the URL of its WSDL, or put an address with /SASBIWS/services/ into stpurl to call "
        "it by SOAP."
    )
