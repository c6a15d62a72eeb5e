"""From settings to how the files of a route are staged."""

from __future__ import annotations

from collections.abc import Iterable

from adapter.config.entry import Findings
from adapter.config.key import DEFAULT
from adapter.config.values import Values
from adapter.core.access import address_of
from adapter.core.route import Route
from adapter.core.staging import StageAs, StagePolicy

_MEGABYTE = 1024 * 1024


def stage_policy_of(values: Values) -> StagePolicy:
    """How the files of a route's tasks are staged."""
    return StagePolicy(
        on=values.get("stage", bool),
        told_as=StageAs(values.get("stage_as", str)),
        path_prefix=values.get("stage_path_prefix", str),
        hosts=_listed(values.get("stage_hosts", str).lower()),
        max_bytes=values.get("stage_max", int) * _MEGABYTE,
        allow=_listed(values.get("files_allow", str)),
    )


def check_short_links(
    routes: Iterable[Route], server: Values, listen: Values, findings: Findings
) -> None:
    """Find that short links would begin with an address that stands for every address."""
    host, entry = address_of(listen.get("host", str)), listen.entry("host")
    if entry is None or host is None or not host.is_unspecified or server.get("files_url", str):
        return
    named = [
        each.stored_process
        for each in routes
        if each.staging.on and each.staging.told_as is StageAs.LINK
    ]
    if named:
        reason = f"the short links to staged files of [{named[0] or DEFAULT}] would lead nowhere"
        expected = "files_url in [adapter:server], how the SAS host reaches this adapter"
        findings.add(entry.problem(reason, expected, show=True))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in text.split(","))))
