"""Which deliveries a command means: ids or their beginnings, and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from adapter import wiring
from adapter.cli import shell
from adapter.core.delivery import Filter, State
from adapter.core.moment import moment
from adapter.observe import logging_beside
from adapter.survey import Survey

_AGE = "An age such as 30m, 2h or 7d, or a time such as 2026-11-24T05:30."

_STATES = [state.value for state in State]

_OPTIONS = (
    click.argument("ids", nargs=-1, metavar="[ID]..."),
    click.option("--state", "states", multiple=True, type=click.Choice(_STATES),
                 help="In this state; repeatable."),
    click.option("--stp", default="", metavar="NAME", help="Of this stored process."),
    click.option("--code", default="", help="With this error code, or this word for why."),
    click.option("--task", default="", metavar="ID", help="Of this bulk task or event."),
    click.option("--text", default="",
                 help="With this text in id, stored process, key, task or error."),
    click.option("--older-than", metavar="WHEN", help=f"Accepted before. {_AGE}"),
    click.option("--newer-than", metavar="WHEN", help="Accepted since then."),
)  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """Ids and filters as they were typed."""

    ids: tuple[str, ...]
    states: tuple[str, ...]
    stp: str
    code: str
    task: str
    text: str
    older_than: str | None
    newer_than: str | None

    @property
    def filters(self) -> bool:
        """True where more than ids was typed."""
        return bool(
            self.states or self.stp or self.code or self.task or self.text
            or self.older_than or self.newer_than
        )  # fmt: skip

    def require(self) -> None:
        """Nothing, where at least one id or filter was typed: not all deliveries by accident."""
        if not (self.ids or self.filters):
            raise click.UsageError("name the deliveries: by id, or by a filter such as --state")

    def wanted(self, survey: Survey) -> Filter:
        """The filter, ids written out.

        Raises:
            DeliveryUnknown, DeliveryIdAmbiguous: An id is that of none, or of several.
            RequestInvalid: A time cannot be understood.
        """
        now = survey.clock.now()
        return Filter(
            states=frozenset(map(State, self.states)),
            stored_process=self.stp,
            code=self.code,
            task_id=self.task,
            text=self.text,
            before=moment(self.older_than, now) if self.older_than else None,
            since=moment(self.newer_than, now) if self.newer_than else None,
            ids=frozenset(map(survey.whole_id, self.ids)),
        )


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with ids and filters, which it gets as one `selection`."""

    @wraps(command)
    def collected(**options: Any) -> Any:
        names = Selection.__dataclass_fields__
        typed = {name: options.pop(name) for name in names}
        return command(selection=Selection(**typed), **options)

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected


@contextmanager
def opened(home: Path | None) -> Iterator[wiring.Office]:
    """The deliveries of the home, beside any adapter that runs there."""
    settings = shell.settings_of(home)
    parts = wiring.calling(settings)
    with logging_beside(settings.log.level, settings.log.folder if settings.log.enabled else None):
        office = wiring.office(parts)
        try:
            yield office
        finally:
            office.close()
            parts.session.close()
