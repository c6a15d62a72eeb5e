"""From settings to how the files of a route are staged."""

from __future__ import annotations

from adapter.config.values import Values
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


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in text.split(","))))
