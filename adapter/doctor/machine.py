"""Checks of the machine: Python, and the packages that are installed."""

from __future__ import annotations

import platform
import re
from importlib import metadata

from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok

_DISTRIBUTION = "sasbiws"
_NEED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*\(?([^;)]*)\)?\s*(;.*)?")
_BOUND = re.compile(r"(>=|<=|==|<|>)\s*([0-9][0-9A-Za-z.]*)")


def _python(_: Case, __: str) -> Result:
    needed = metadata.metadata(_DISTRIBUTION)["Requires-Python"] or ""
    version = platform.python_version()
    if not fits(version, needed):
        return fail(f"Python {version}", f"Python {needed}", "install it, and sasbiws into it anew")
    return ok(f"Python {version} on {platform.system()}")


def _packages(_: Case, __: str) -> Result:
    needs = [need for need in metadata.requires(_DISTRIBUTION) or () if "extra ==" not in need]
    wrong = [problem for need in needs if (problem := _trouble(need))]
    if wrong:
        step = "install sasbiws anew with its constraints.txt: see docs/install.md"
        return fail(f"{len(wrong)} of {len(needs)} packages do not fit", "", step, wrong)
    return ok(f"sasbiws {metadata.version(_DISTRIBUTION)} and {len(needs)} packages fit")


def _trouble(need: str) -> str:
    """What is wrong with an installed package; empty where nothing is."""
    parts = _NEED.match(need)
    if parts is None:
        return ""
    name, bounds = parts[1], parts[2].strip()
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is missing, expected {bounds or 'any version'}"
    return "" if fits(version, bounds) else f"{name} {version}, expected {bounds}"


def fits(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as `>=3.0.2,<3.1`."""
    return all(
        _holds(_numbers(version), sign, _numbers(told)) for sign, told in _BOUND.findall(bounds)
    )


def _holds(version: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    length = max(len(version), len(bound))
    one, other = (each + (0,) * (length - len(each)) for each in (version, bound))
    match sign:
        case ">=":
            return one >= other
        case "<=":
            return one <= other
        case "<":
            return one < other
        case ">":
            return one > other
        case _:
            return one == other


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a release, up to what is no number."""
    plain = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(map(int, plain[0].split("."))) if plain else ()


MACHINE_CHECKS = (
    Check(
        "python",
        "Python is new enough",
        "The version that runs, against the one that the package declares.",
        _python,
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "packages",
        "Packages are there and new enough",
        "The installed versions, against the bounds that the package declares.",
        _packages,
        ending=Ending.CONFIGURATION,
    ),
)
