"""Moments and lengths of time as a person tells and reads them."""

from datetime import UTC, datetime

import pytest

from adapter.core.delivery import Filter, State
from adapter.core.errors import RequestInvalid
from adapter.core.moment import moment, span
from adapter.core.verb import Verb, meant_by

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [("45s", 45), ("30m", 1800), (" 2 H ", 7200), ("7d", 604_800), ("1w", 604_800), ("0s", 0),
     ("2026-11-24T11:00:00Z", 3600), ("2026-11-24 11:00+00:00", 3600),
     ("2026-11-24T13:00:00+02:00", 3600)],
)  # fmt: skip
def test_a_moment_is_an_age_or_an_iso_time(text, seconds_ago):
    assert moment(text, NOW) == NOW - seconds_ago


def test_a_time_without_an_offset_is_one_of_this_machine():
    local = datetime(2026, 11, 24, 5, 30)  # noqa: DTZ001  that is what it is about
    assert moment("2026-11-24T05:30", NOW) == local.timestamp()


@pytest.mark.parametrize("text", ["", "soon", "2", "h", "-2h", "1.5h", "2026", "2026-13-01", "2y"])
def test_anything_else_is_refused_and_says_what_is_expected(text):
    with pytest.raises(RequestInvalid, match="30m, 2h or 7d"):
        moment(text, NOW)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0.4, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (7200, "2h"),
        (200_000, "2d"),
    ],
)
def test_a_length_of_time_is_told_in_its_largest_unit(seconds, text):
    assert span(seconds) == text


def test_a_verb_without_a_state_means_the_states_it_is_for():
    assert meant_by(Verb.RETRY, Filter()).states == {State.PARKED, State.REJECTED}
    assert meant_by(Verb.CANCEL, Filter(code="x")).states == {State.QUEUED, State.RETRYING}
    assert meant_by(Verb.PURGE, Filter()).states == {State.DELIVERED, State.CANCELLED}
    named = Filter(ids=frozenset(("a",)))
    assert meant_by(Verb.RETRY, named) == named
    assert State.RUNNING not in meant_by(Verb.PURGE, named).states
    with pytest.raises(RequestInvalid, match="running"):
        meant_by(Verb.PURGE, Filter(frozenset((State.RUNNING,))))
