"""What can be done next about a delivery, as commands to type."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.core.deadline import LINKS_EXPIRED
from adapter.core.delivery import AccountHold, Delivery, State
from adapter.core.failures import LinksExpired


@dataclass(frozen=True)
class Step:
    """A command and what it does; an empty command where nothing is to be typed."""

    command: str
    meaning: str

    def to_json(self) -> dict[str, str]:
        """Members command and meaning."""
        return {"command": self.command, "meaning": self.meaning}


def steps(
    delivery: Delivery, hold: AccountHold | None, *, twice: bool, expired: bool
) -> tuple[Step, ...]:
    """What a person can do next.

    Args:
        delivery: As it stands.
        hold: What keeps it from being sent.
        twice: Whether another attempt may run the stored process a second time.
        expired: Whether its presigned links have expired.
    """
    command = f"sasbiws deliveries {{}} {delivery.delivery_id}"
    lost = expired or delivery.why == LINKS_EXPIRED
    match delivery.state:
        case State.QUEUED | State.RETRYING:
            cancel = Step(command.format("cancel"), "never send it")
            now = Step(command.format("retry"), "send it now, its attempts counted afresh")
            return (*_release(delivery, hold), *(() if hold else (now,)), cancel)
        case State.RUNNING:
            return (Step("", "SAS is being called; look again"),)
        case State.PARKED | State.REJECTED:
            discard = Step(command.format("discard"), "never send it again")
            return (*_again(command, delivery, twice=twice, lost=lost), discard)
        case State.CANCELLED:
            purge = Step(command.format("purge"), "delete it")
            return (*_again(command, delivery, twice=twice, lost=lost), purge)
        case State.DELIVERED:
            return (Step(command.format("purge"), "delete what is known of it"),)


def quoted(name: str) -> str:
    """A name as one word of a command line."""
    plain = name.replace("_", "").replace("-", "").replace(".", "")
    return name if plain.isalnum() else f'"{name}"'


def _again(command: str, delivery: Delivery, *, twice: bool, lost: bool) -> tuple[Step, ...]:
    if lost:
        return (Step("", LinksExpired.remedy),)
    warned = "; the stored process may run a second time" if twice else ""
    rebuilt = Step(
        command.format("retry"), f"build it anew from the kept payload and send it{warned}"
    )
    if delivery.attempts == 0:
        return (rebuilt,)
    as_sent = Step(f"{command.format('retry')} --as-sent", f"send it exactly as before{warned}")
    return rebuilt, as_sent


def _release(delivery: Delivery, hold: AccountHold | None) -> tuple[Step, ...]:
    if hold is None:
        return ()
    release = f"sasbiws deliveries release {quoted(delivery.stored_process)}"
    if hold.by_hand:
        return (Step(release, f"lift the hold of {hold.account}"),)
    # To lift it while the password is wrong would be one more failed login.
    return (
        Step("sasbiws config reload", "lift the hold, once conf/credentials.ini was saved anew"),
        Step(release, f"lift the hold of {hold.account}, where SAS itself was wrong"),
    )
