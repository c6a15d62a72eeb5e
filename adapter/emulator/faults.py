"""The five numbered faults of SAS BI Web Services."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapter.emulator.switches import Switches, SysccPlace

BAD_CREDENTIALS: Final = 1000
REFUSED: Final = 2000
ENDED_WITH_ERROR: Final = 3000
MISCONFIGURED: Final = 4000
TIMED_OUT: Final = 5000

SYSCC_ERROR: Final = 1012


@dataclass(frozen=True, slots=True)
class Cause:
    """One message of a fault and the causes below it."""

    message: str
    causes: tuple["Cause", ...] = ()


class SasFault(Exception):
    """Raised where a call ends in a numbered fault.

    Source: SAS 9.4 BI Web Services: Developer's Guide, error codes (documented).
    """

    def __init__(self, code: int, cause: Cause, syscc: int = 0) -> None:
        """Keep the code, the tree of causes, and SYSCC if the program set it."""
        super().__init__(f"{code}: {cause.message}")
        self.code = code
        self.cause = cause
        self.syscc = syscc

    @property
    def has_run(self) -> bool:
        """Whether the stored process has run, at least in part."""
        return self.code in {ENDED_WITH_ERROR, TIMED_OUT}


def bad_credentials(user: str) -> SasFault:
    """Return fault 1000 for a user name, "" if none came."""
    why = f"The metadata server turned down user {user}." if user else "No user name was sent."
    general = "The user name or the password was refused."
    return SasFault(BAD_CREDENTIALS, Cause(general, (Cause(why),)))


def refused(why: str) -> SasFault:
    """Return fault 2000: a request that is not valid, or a prompt that is bad or missing."""
    return SasFault(REFUSED, Cause("The request cannot be accepted.", (Cause(why),)))


def ended_with_error(sysmsg: str, syscc: int = SYSCC_ERROR) -> SasFault:
    """Return fault 3000: the program ran and ended with a SYSCC that is not accepted."""
    general = "The stored process ended with an error."
    return SasFault(ENDED_WITH_ERROR, Cause(general, (Cause(f"SYSMSG: {sysmsg}"),)), syscc)


def misconfigured() -> SasFault:
    """Return fault 4000, with two causes on one level."""
    server = Cause(
        "No stored process server could be reached.",
        (Cause("Connection refused on port 8611."),),
    )
    credentials = Cause("The stored credentials of the service are not valid.")
    general = "The service is not configured properly."
    return SasFault(MISCONFIGURED, Cause(general, (credentials, server)))


def timed_out() -> SasFault:
    """Return fault 5000: the configured stored process time-out was exceeded."""
    return SasFault(TIMED_OUT, Cause("The stored process ran longer than allowed."))


def on_demand(code: int, syscc: int = SYSCC_ERROR) -> SasFault:
    """Return the fault with the code, with causes that say it was asked for."""
    match code:
        case 1000:
            return bad_credentials("svc_ci360")
        case 2000:
            return refused("The emulator was asked for this fault.")
        case 3000:
            return ended_with_error("The emulator was asked for this fault.", syscc)
        case 4000:
            return misconfigured()
        case 5000:
            return timed_out()
        case _:
            raise ValueError(f"There is no fault {code}; there are 1000 to 5000 in thousands.")


def fault_element(fault: SasFault, switches: Switches) -> etree._Element:
    """Return ``sas:Fault`` as the switches want it.

    Source: wire contract: code, nested Exception and message are documented; the namespace, and
    name and place of SYSCC, are inferred.
    """
    syscc = {switches.syscc_name: str(fault.syscc)} if fault.syscc else {}
    on_fault = switches.syscc_place is SysccPlace.FAULT
    namespace = switches.sas_namespace
    element = etree.Element(
        _tag(namespace, "Fault"),
        {"code": str(fault.code)} | (syscc if on_fault else {}),
        {"sas": namespace} if namespace else None,
    )
    _add(element, fault.cause, namespace, {} if on_fault else syscc)
    return element


def _add(parent: etree._Element, cause: Cause, namespace: str, more: dict[str, str]) -> None:
    attributes = {"message": cause.message} | more
    element = etree.SubElement(parent, _tag(namespace, "Exception"), attributes)
    for deeper in cause.causes:
        _add(element, deeper, namespace, {})


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name
