"""Reading of SAS faults, SOAP and plain XML, by local name.

Source: Guide, "Error codes": a Fault element with attribute code and nested Exception elements
with attribute message; code 3000 carries the stored process's SYSCC in an extra attribute.
"""

from __future__ import annotations

from adapter.core import xml
from adapter.core.failures import (
    ClientFault,
    ConfigurationFault,
    CredentialsRefused,
    DeliveryError,
    ProgramFailed,
    ProgramTimedOut,
    RequestRefused,
    ServerFailed,
)
from adapter.core.redact import shortened

CODES: dict[str, tuple[type[DeliveryError], str]] = {
    "1000": (CredentialsRefused, "the user name or the password is wrong"),
    "2000": (ClientFault, "the request, a prompt or the right to the stored process is wrong"),
    "3000": (ProgramFailed, "the stored process ended in an error"),
    "4000": (ConfigurationFault, "a SAS server or account behind the web services is unavailable"),
    "5000": (ProgramTimedOut, "the stored process ran longer than SAS allows"),
}
"""The five documented codes. Source: Guide, "Error codes"."""

_MESSAGE_LENGTH = 500


def fault_in(root: xml.Element, status: int) -> DeliveryError | None:
    """The error a SOAP or plain XML fault stands for; None where the answer is no fault.

    What a stored process writes into its own output is never taken for a fault.
    """
    soap_fault = _soap_fault(root)
    place = root if soap_fault is None else soap_fault
    if soap_fault is None and xml.local_name(root) != "Fault":
        return None
    coded = next((el for el in place.iter("{*}Fault") if el.get("code")), None)
    if coded is not None:
        return _coded_fault(coded, status)
    return _uncoded_fault(place, status)


def _soap_fault(root: xml.Element) -> xml.Element | None:
    if xml.local_name(root) != "Envelope":
        return None
    return next(iter(root.iterfind("{*}Body/{*}Fault")), None)


def _coded_fault(fault: xml.Element, status: int) -> DeliveryError:
    code = fault.get("code", "")
    error, meaning = CODES.get(code, (ServerFailed, "the code is not documented"))
    messages = tuple(
        shortened(exception.get("message", ""), _MESSAGE_LENGTH)
        for exception in fault.iter("{*}Exception")
    )
    syscc = _syscc(fault)
    told = f", SYSCC {syscc}" if syscc else ""
    return error(
        f"SAS fault {shortened(code)}{told}: {messages[-1] if messages else meaning}",
        details=messages,
        http_status=status,
        syscc=syscc,
    )


def _syscc(fault: xml.Element) -> str:
    """The SYSCC: an attribute named so, else any further number beside `code`."""
    attributes = [
        (str(name).lower(), str(value))
        for element in (fault, *fault.iter("{*}Exception"))
        for name, value in element.attrib.items()
    ]
    named = [value for name, value in attributes if name.endswith("syscc")]
    numbers = [value for name, value in attributes if name != "code" and value.isdigit()]
    return shortened(next(iter([*named, *numbers]), ""))


def _uncoded_fault(fault: xml.Element, status: int) -> DeliveryError:
    faultcode = (fault.findtext("{*}faultcode") or "").rpartition(":")[2].strip()
    text = shortened((fault.findtext("{*}faultstring") or "").strip(), _MESSAGE_LENGTH)
    message = f"SOAP fault {shortened(faultcode) or 'without a code'}: {text or 'without a text'}"
    if faultcode.split(".")[0] in ("Client", "VersionMismatch", "MustUnderstand"):
        return RequestRefused(message, http_status=status)
    return ServerFailed(message, http_status=status)
