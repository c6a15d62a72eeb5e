"""Deliveries as a person reads them: the list, what stands above it, and one in full."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from adapter.cli.steps import Step
from adapter.core.delivery import Attempt, Delivery, Kept, State
from adapter.core.moment import span
from adapter.core.redact import shortened
from adapter.survey import EVERY, Held, Overview
from adapter.web.answers import remedy_of, time_text
from adapter.web.told import duration_ms

SHORT_ID = 8
"""Characters of an id in a list; they stand for it in every command."""

_PIPED_WIDTH = 200
_LONG = 200
_MESSAGE = 120
_WHOLE = 2000
_COLOURS = {
    State.QUEUED: "cyan",
    State.RUNNING: "blue",
    State.RETRYING: "yellow",
    State.DELIVERED: "green",
    State.PARKED: "bold red",
    State.REJECTED: "red",
    State.CANCELLED: "dim",
}


def screen() -> Console:
    """Standard output; a file or pipe is wide enough that no column is cut."""
    piped = not sys.stdout.isatty()
    return Console(highlight=False, emoji=False, width=_PIPED_WIDTH if piped else None)


def page(
    overview: Overview, deliveries: Sequence[Delivery], matching: int, now: float, width: int
) -> RenderableType:
    """The list with everything above and below it."""
    if not deliveries:
        return Group(*_above(overview, now), Text("no delivery matches"))
    rest = f"{len(deliveries)} of {matching} shown; --limit shows more, filters show fewer"
    below = [Text(rest, style="dim")] if len(deliveries) < matching else []
    return Group(*_above(overview, now), listed(deliveries, now, width), *below)


def listed(deliveries: Sequence[Delivery], now: float, width: int) -> Table:
    """One line for each delivery; what is long is cut so that it stays one line."""
    rows = [_Row.of(delivery, now) for delivery in deliveries]
    rest = width - sum(_NARROW.values()) - _GAP * (len(_NARROW) + 2)
    name = _width(_NAME, (row.name for row in rows), rest // 3)
    why = _width(_WHY, (row.why for row in rows), rest // 3)
    table = Table(box=None, pad_edge=False)
    for head, size in _NARROW.items():
        justify: JustifyMethod = "right" if head in _NUMBERS else "left"
        table.add_column(head, no_wrap=True, width=size, justify=justify)
    for head, size in ((_NAME, name), (_WHY, why)):
        table.add_column(head, no_wrap=True, width=size, overflow="ellipsis")
    table.add_column("message", no_wrap=True, width=max(rest - name - why, len("message")))
    for row in rows:
        state = Text(row.state, style=_COLOURS[row.state])
        table.add_row(
            row.short_id,
            state,
            row.tries,
            row.age,
            row.due,
            Text(row.name),
            Text(row.why),
            Text(row.message),
        )
    return table


_NARROW = {"id": SHORT_ID, "state": 9, "tries": 5, "age": 4, "next": 6}
"""Columns that are never cut, with their width."""

_NUMBERS = frozenset(("tries", "age", "next"))
_NAME, _WHY, _GAP = "stored process", "why", 2


def _width(head: str, values: Iterable[str], most: int) -> int:
    """As wide as the longest value, but neither below its heading nor above a share."""
    longest = max(map(len, values))
    return max(min(longest, most), len(head))


@dataclass(frozen=True)
class _Row:
    """One line of the list."""

    short_id: str
    state: State
    tries: str
    age: str
    due: str
    name: str
    why: str
    message: str

    @classmethod
    def of(cls, delivery: Delivery, now: float) -> Self:
        """The line of a delivery."""
        return cls(
            delivery.delivery_id[:SHORT_ID],
            delivery.state,
            str(delivery.attempts),
            span(now - delivery.accepted_at),
            _due(delivery, now),
            shortened(delivery.stored_process, _LONG),
            delivery.why or delivery.code,
            shortened(delivery.message, _WHOLE)[:_MESSAGE],
        )


def _due(delivery: Delivery, now: float) -> str:
    if delivery.state not in (State.QUEUED, State.RETRYING):
        return ""
    return "now" if delivery.due_at <= now else f"in {span(delivery.due_at - now)}"


def _above(overview: Overview, now: float) -> Iterator[Text]:
    counts = overview.counts
    told = [f"[{_COLOURS[state]}]{state} {counts[state]}[/]" for state in State if state in counts]
    yield Text.from_markup("  ".join(told) or "no deliveries yet")
    for held in overview.holds:
        yield Text.from_markup(f"[bold red]held[/] {escape(hold_line(held, now))}")
    for address, breaker in overview.breakers.items():
        left = (breaker.open_until or now) - now
        again = f"tried again in {span(left)}" if left > 0 else "the next call tries it"
        unwell = f"{address} failed {breaker.failures} times in a row; {again}"
        yield Text.from_markup(f"[bold yellow]breaker open[/] {escape(unwell)}")
    if overview.links_expire_soon:
        yield Text.from_markup(f"[bold yellow]links expire soon[/] {_soonest(overview, now)}")
    yield Text("")


def _soonest(overview: Overview, now: float) -> str:
    first = min(overview.links_expire_soon, key=lambda each: each.links_expire_at or now)
    left = span((first.links_expire_at or now) - now)
    count = len(overview.links_expire_soon)
    return f"{count} not sent yet, the first in {left}: {first.delivery_id[:SHORT_ID]}"


def hold_line(held: Held, now: float) -> str:
    """A hold in one line: whom it holds, what it covers, since when and why."""
    covers = ", ".join(held.stored_processes) or "no stored process that is configured"
    if held.stored_processes == (EVERY,):
        covers = "every stored process"
    who = "by hand" if held.hold.by_hand else "SAS refused it"
    since = span(now - held.hold.since)
    message = shortened(held.hold.message, _WHOLE)[:_MESSAGE]
    return f"{held.hold.account} ({covers}) for {since}, {who}: {message}"


def whole(
    delivery: Delivery, kept: Kept, held: Held | None, after: Iterable[Step], now: float
) -> RenderableType:
    """Everything that is known of one delivery, and what can be done next."""
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(delivery, kept, held, now):
        if value:
            facts.add_row(Text(name, style="bold"), Text(value))
    parts: list[RenderableType] = [facts]
    parts += [Text(f"  - {problem}") for problem in delivery.details]
    if delivery.history:
        parts += [Text(""), _attempts(delivery.history)]
    parts += [Text(""), _next(after)]
    return Group(*parts)


def _facts(
    delivery: Delivery, kept: Kept, held: Held | None, now: float
) -> Iterator[tuple[str, str]]:
    yield "delivery", delivery.delivery_id
    yield "state", f"{delivery.state}{' (held)' if held else ''}"
    yield "stored process", shortened(delivery.stored_process, 200)
    yield "transport", delivery.transport
    yield "task", shortened(delivery.task_id, 200)
    yield "request", shortened(kept.request_id, 200)
    yield "key", shortened(kept.key, 300)
    yield "accepted", _when(delivery.accepted_at, now)
    if delivery.queued_at != delivery.accepted_at:
        yield "sent again", _when(delivery.queued_at, now)
    yield "changed", _when(delivery.updated_at, now)
    if not delivery.state.ended:
        yield "next attempt", _when(delivery.due_at, now)
    if delivery.links_expire_at is not None:
        yield "links expire", _when(delivery.links_expire_at, now)
    yield "files", _files(delivery)
    yield "held", hold_line(held, now) if held else ""
    yield "why", delivery.why
    yield "code", delivery.code
    yield "message", shortened(delivery.message, _WHOLE)
    yield "remedy", remedy_of(delivery, delivery.code) if delivery.code else ""


def _files(delivery: Delivery) -> str:
    """How far the staging of each file is."""
    if delivery.staging is None:
        return ""
    told = [
        f"{x.name} {x.got} of {'?' if x.total is None else x.total} bytes"
        for x in delivery.staging.files
    ]
    if delivery.staging.rows is not None:
        told.append(f"{delivery.staging.rows} records")
    return f"{'staged' if delivery.staging.done_at else 'being staged'}: {', '.join(told)}"


def _when(at: float, now: float) -> str:
    left = f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"
    return f"{time_text(at)} ({left})"


def _attempts(history: Iterable[Attempt]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("attempt", "started", "took", "transport", "what SAS did", "HTTP", "code"):
        table.add_column(name, no_wrap=True)
    table.add_column("message", ratio=1)
    for attempt in history:
        took = duration_ms(attempt)
        table.add_row(
            str(attempt.number),
            time_text(attempt.started_at),
            "running" if took is None else f"{took} ms",
            attempt.transport,
            attempt.effect,
            str(attempt.http_status or ""),
            attempt.code,
            escape(shortened(attempt.message, 500)),
        )
    return table


def _next(after: Iterable[Step]) -> Table:
    table = Table.grid(padding=(0, 2))
    for step in after:
        table.add_row(Text(step.command, style="bold"), Text(step.meaning))
    return table
