"""The switches of the emulator: what it offers, how it answers, and what goes wrong on demand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Self

SAS_FAULT_CODES = (1000, 2000, 3000, 4000, 5000)
SAS_NAMESPACE = "http://www.sas.com/xml/namespace/biwebservices"


class Spelling(StrEnum):
    """How the name of a stored process becomes the name of an operation; blanks always go."""

    CAMEL = "camel"
    PASCAL = "pascal"
    ASIS = "asis"


class ValueKind(StrEnum):
    """How a WSDL describes the content of ``Value``."""

    ANY = "any"
    ANY_TYPE = "anyType"
    MIXED = "mixed"
    TYPED = "typed"


class WsdlImport(StrEnum):
    """Where a WSDL has its schema: inside, or imported from somewhere."""

    NONE = ""
    LOCAL = "local"
    EXTERNAL = "external"
    CYCLE = "cycle"


class SysccPlace(StrEnum):
    """The element of a fault that carries the SYSCC attribute."""

    FAULT = "Fault"
    EXCEPTION = "Exception"


class LineBreaks(StrEnum):
    """What the middle tier does with the line breaks of a data source."""

    KEEP = "keep"
    FLATTEN = "flatten"


class Output(StrEnum):
    """What a stored process leaves in its data target: its table, no target, an empty ``Value``."""

    TABLE = "table"
    NONE = "none"
    EMPTY = "empty"


class Page(StrEnum):
    """What comes back in place of a SASBIWS answer.

    The first five come from a web server in front, so no stored process runs; the others spoil
    the answer of one that has run.
    """

    NONE = ""
    HTML_200 = "html200"
    LOGIN_200 = "login200"
    REDIRECT_LOGIN = "redirect_login"
    HTML_401 = "html401"
    HTML_404 = "html404"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    TEXT = "text"
    HUGE = "huge"
    DTD_BOMB = "dtd_bomb"


class ConnectionFault(StrEnum):
    """What happens to the connection."""

    NONE = ""
    RESET_BEFORE = "reset_before"
    RESET_MID = "reset_mid"
    SLOW_BODY = "slow_body"


class SwitchError(ValueError):
    """Raised for switches that do not exist or cannot have the value; ``problems`` has them all."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep every problem as one sentence."""
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Switches:
    """Every switch of an emulator; the defaults are the server that the wire contract describes.

    Args:
        operation_spelling: operation of "Download File": camel "downloadFile" (default), pascal
            "DownloadFile", asis only leaves blanks out.
        value_kind: content of ``Value`` in a WSDL; default any. The service DownloadFileTyped is
            always typed. typed shapes only stored processes that have a schema attached.
        output_name: name of the data target; default None: "outstream" in a generated service,
            "_WEBOUT" at the address of a stored process.
        output: what a stored process leaves in its data target; default table.
        wsdl_cache: a WSDL changes only when ``reload=true`` asks for it; default True.
        wsdl_import: where a WSDL has its schema; default "": inside.
        wsdl_needs_basic: WSDLs need HTTP Basic with one of ``users``; default False.
        disturb_wsdl: ``status``, ``page``, ``connection``, ``delay_s`` hit WSDLs; default False.
        users: user names and passwords; default none: calls are anonymous.
        line_breaks: whether the middle tier keeps them in a data source; default keep.
        lrecl: bytes of a line of ``instream`` after which it is cut; default 3000.
        sas_namespace: namespace of ``sas:Fault``; default the one of biwebservices.
        fault_http_status: HTTP status of a fault, 500 (default) or 200.
        syscc: value of SYSCC when ``fault`` is 3000; default 1012.
        syscc_name: attribute that carries SYSCC; default "SYSCC".
        syscc_place: element that carries it; default Fault.
        fault: SAS fault 1000, 2000, 3000, 4000 or 5000; default 0: none. 3000 and 5000 come
            after the stored process has run.
        status: HTTP status in place of an answer; default 0: none. 500, 502 and 504 come after
            the stored process has run.
        retry_after_s: header Retry-After beside ``status``, seconds; default None: absent.
        page: what comes in place of an answer; default "": nothing.
        huge_bytes: size of the answer with ``page`` huge, bytes; default 50 MiB.
        delay_s: seconds between run and answer; default 0.
        connection: what happens to the connection; default "": nothing.
        drip_s: seconds before each byte with ``connection`` slow_body; default 1.
        only: stored process that ``fault``, ``status``, ``page``, ``delay_s`` and ``connection``
            are restricted to; default "": all of them.
        times: disturbed answers left until those five turn themselves off; default 0: no end.
    """

    operation_spelling: Spelling = Spelling.CAMEL
    value_kind: ValueKind = ValueKind.ANY
    output_name: str | None = None
    output: Output = Output.TABLE
    wsdl_cache: bool = True
    wsdl_import: WsdlImport = WsdlImport.NONE
    wsdl_needs_basic: bool = False
    disturb_wsdl: bool = False
    users: Mapping[str, str] = field(default_factory=dict)
    line_breaks: LineBreaks = LineBreaks.KEEP
    lrecl: int = 3000
    sas_namespace: str = SAS_NAMESPACE
    fault_http_status: int = 500
    syscc: int = 1012
    syscc_name: str = "SYSCC"
    syscc_place: SysccPlace = SysccPlace.FAULT
    fault: int = 0
    status: int = 0
    retry_after_s: int | None = None
    page: Page = Page.NONE
    huge_bytes: int = 50 * 1024 * 1024
    delay_s: float = 0.0
    connection: ConnectionFault = ConnectionFault.NONE
    drip_s: float = 1.0
    only: str = ""
    times: int = 0

    def __post_init__(self) -> None:
        """Accept the text of a choice for the choice; refuse every value that cannot be."""
        if problems := [p for f in fields(self) if (p := _problem(f, getattr(self, f.name)))]:
            raise SwitchError(problems)
        for each in fields(self):
            if isinstance(each.default, StrEnum):
                choice = type(each.default)(getattr(self, each.name))
                object.__setattr__(self, each.name, choice)
        object.__setattr__(self, "users", MappingProxyType(dict(self.users)))

    @property
    def disturbs(self) -> bool:
        """Whether any answer is disturbed."""
        return bool(self.fault or self.status or self.page or self.delay_s or self.connection)

    def concerns(self, stored_processes: Iterable[str]) -> bool:
        """Whether disturbances are meant for one of these; blanks and case do not count."""
        return not self.only or _folded(self.only) in map(_folded, stored_processes)

    def calm(self) -> Self:
        """Return the same switches without disturbances."""
        return replace(
            self,
            fault=0,
            status=0,
            page=Page.NONE,
            delay_s=0.0,
            connection=ConnectionFault.NONE,
            times=0,
        )

    def after_one(self) -> Self:
        """Return the switches that hold after one disturbed answer."""
        match self.times:
            case 0:
                return self
            case 1:
                return self.calm()
            case left:
                return replace(self, times=left - 1)

    def merged(self, named: Mapping[str, object]) -> Self:
        """Return the switches with the named ones changed.

        Raises:
            SwitchError: a name is unknown or a value cannot be; nothing is changed then.
        """
        known = {each.name: each for each in fields(self)}
        problems = [_unknown(name) for name in named if name not in known]
        problems += [p for n, v in named.items() if n in known and (p := _problem(known[n], v))]
        if problems:
            raise SwitchError(problems)
        return replace(self, **named)  # type: ignore[arg-type]  # _problem has looked at each

    def as_json(self) -> dict[str, object]:
        """Return every switch by name, in types that JSON has."""
        named: dict[str, object] = {each.name: getattr(self, each.name) for each in fields(self)}
        return named | {"users": dict(self.users)}


_ALLOWED: Mapping[str, tuple[int, ...]] = {
    "fault": (0, *SAS_FAULT_CODES),
    "fault_http_status": (500, 200),
    "status": (0, 400, 401, 403, 404, 405, 415, 429, 500, 502, 503, 504),
}
_LEAST: Mapping[str, int] = {"lrecl": 1, "syscc": 1}
_NAMES = ("output_name", "syscc_name")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def _unknown(name: str) -> str:
    return f"There is no switch {name!r}; there are {', '.join(f.name for f in fields(Switches))}."


def _problem(switch: Field[object], value: object) -> str | None:
    expected = _expected(switch, value)
    return f"{switch.name} is {value!r}; expected {expected}." if expected else None


def _expected(switch: Field[object], value: object) -> str | None:
    if value is None and switch.default is None:
        return None
    if switch.name in _ALLOWED:
        allowed = _ALLOWED[switch.name]
        return None if type(value) is int and value in allowed else _one_of(allowed)
    if switch.name in _NAMES:
        return None if isinstance(value, str) and _NAME.fullmatch(value) else "an XML name"
    if switch.default is MISSING:
        return None if _is_users(value) else "an object of user names and passwords"
    return _expected_type(switch, value)


def _expected_type(switch: Field[object], value: object) -> str | None:
    least = _LEAST.get(switch.name, 0)
    match switch.default:
        case StrEnum() as default:
            choices = tuple(type(default))
            return None if value in choices else _one_of(tuple(map(str, choices)))
        case bool():
            return None if isinstance(value, bool) else "true or false"
        case str():
            return None if isinstance(value, str) else "a text"
        case float():
            good = isinstance(value, int | float) and not isinstance(value, bool) and value >= least
            return None if good else f"a number of seconds from {least}"
        case _:
            good = type(value) is int and value >= least
            return None if good else f"a whole number from {least}"


def _one_of(choices: Iterable[object]) -> str:
    return "one of " + ", ".join(map(repr, choices))


def _is_users(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(user, str) and isinstance(password, str) for user, password in value.items()
    )
