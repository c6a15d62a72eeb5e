"""What an operator can do to many deliveries at once, and to which where no state is named."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from adapter.core.delivery import Filter, State
from adapter.core.errors import RequestInvalid


class Verb(StrEnum):
    """What can be done to many deliveries at once."""

    RETRY = "retry"
    DISCARD = "discard"
    CANCEL = "cancel"
    PURGE = "purge"


_FOR_A_PERSON = frozenset((State.PARKED, State.REJECTED))
_WITHOUT_A_STATE = {
    Verb.RETRY: _FOR_A_PERSON,
    Verb.DISCARD: _FOR_A_PERSON,
    Verb.CANCEL: frozenset((State.QUEUED, State.RETRYING)),
    Verb.PURGE: frozenset((State.DELIVERED, State.CANCELLED)),
}
_ENDED = frozenset(state for state in State if state.ended)


def meant_by(verb: Verb, wanted: Filter) -> Filter:
    """The filter, with the states that the verb is for where it names neither states nor ids.

    Raises:
        RequestInvalid: Deliveries are to be purged that have not ended.
    """
    if not (wanted.states or wanted.ids):
        return replace(wanted, states=_WITHOUT_A_STATE[verb])
    if verb is not Verb.PURGE:
        return wanted
    if early := wanted.states - _ENDED:
        raise RequestInvalid(
            f"found {', '.join(sorted(early))}, which are not purged; "
            f"expected {', '.join(sorted(_ENDED))}"
        )
    return replace(wanted, states=wanted.states or _ENDED)
