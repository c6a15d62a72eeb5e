"""What becomes of a delivery after an attempt: Delivered, Retry, Park or Hold.

One fact decides every failure: what may SAS have done?
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.core import failures, stage_failures
from adapter.core.deadline import GAVE_UP, LINKS_EXPIRED, Deadline
from adapter.core.failures import DeliveryError
from adapter.core.route import Policy


@dataclass(frozen=True)
class Delivered:
    """The stored process ran and answered."""


@dataclass(frozen=True)
class Retry:
    """Try again `after_s` seconds from now."""

    after_s: float


@dataclass(frozen=True)
class Park:
    """A person decides: retry or discard. `why` is a stable word."""

    why: str


@dataclass(frozen=True)
class Hold:
    """No call to this SAS server by this user until the credentials change."""


Verdict = Delivered | Retry | Park | Hold


class Rule(StrEnum):
    """A cell of the table: what a failure leads to."""

    RETRY = "retry"
    PARK = "park"
    HOLD = "hold"


TABLE: dict[type[DeliveryError], tuple[Rule, Rule, str]] = {
    # failure                      plain route  idempotent   why, when parked
    failures.NameNotFound:           (Rule.RETRY, Rule.RETRY, "not_sent"),
    failures.ConnectionRefused:      (Rule.RETRY, Rule.RETRY, "not_sent"),
    failures.ConnectTimedOut:        (Rule.RETRY, Rule.RETRY, "not_sent"),
    failures.TlsFailed:              (Rule.RETRY, Rule.RETRY, "not_sent"),
    failures.ContractUnavailable:    (Rule.RETRY, Rule.RETRY, "not_sent"),
    failures.LinksExpired:           (Rule.PARK,  Rule.PARK,  LINKS_EXPIRED),
    failures.GaveUp:                 (Rule.PARK,  Rule.PARK,  GAVE_UP),
    failures.MayHaveRun:             (Rule.PARK,  Rule.PARK,  "outcome_unknown"),
    stage_failures.FileUnavailable:  (Rule.RETRY, Rule.RETRY, "file_unavailable"),
    stage_failures.FileHostRefused:  (Rule.PARK,  Rule.PARK,  "file_host_refused"),
    stage_failures.FileTooLarge:     (Rule.PARK,  Rule.PARK,  "file_too_large"),
    stage_failures.StageMismatch:    (Rule.PARK,  Rule.PARK,  "stage_mismatch"),
    stage_failures.StageDiskFull:    (Rule.RETRY, Rule.RETRY, "disk_full"),
    stage_failures.StageCrashed:     (Rule.RETRY, Rule.RETRY, "stage_crashed"),
    stage_failures.NotStaged:        (Rule.RETRY, Rule.RETRY, "not_staged"),
    failures.SasBusy:                (Rule.RETRY, Rule.RETRY, "sas_busy"),
    failures.CredentialsRefused:     (Rule.HOLD,  Rule.HOLD,  "credentials_refused"),
    failures.RequestRefused:         (Rule.PARK,  Rule.PARK,  "request_refused"),
    failures.ClientFault:            (Rule.PARK,  Rule.PARK,  "request_refused"),
    failures.ContractUnusable:       (Rule.PARK,  Rule.PARK,  "contract_unusable"),
    failures.RouteUnknown:           (Rule.PARK,  Rule.PARK,  "route_unknown"),
    failures.ConfigurationFault:     (Rule.RETRY, Rule.RETRY, "sas_configuration"),
    failures.ProgramFailed:          (Rule.PARK,  Rule.RETRY, "program_failed"),
    failures.ProgramTimedOut:        (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.ServerFailed:           (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AnswerTimedOut:         (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.ConnectionLost:         (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AnswerTooLarge:         (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AnswerIsHtml:           (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AnswerEmpty:            (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AnswerNotXml:           (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AnswerNotSas:           (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.WorkerDied:             (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
    failures.AttemptCrashed:         (Rule.PARK,  Rule.RETRY, "outcome_unknown"),
}  # fmt: skip
"""Every leaf of the delivery errors. A test holds that none is missing."""


@dataclass(frozen=True)
class Ended:
    """When an attempt ended, and until when another may begin."""

    at: float
    deadline: Deadline


def judge(
    failure: DeliveryError, attempt: int, policy: Policy, jitter: float, ended: Ended | None = None
) -> Verdict:
    """The verdict on one failed attempt.

    Args:
        failure: What went wrong.
        attempt: Number of this attempt, from 1, since a person last sent the delivery.
        policy: The route's.
        jitter: A random number of at least 0 and less than 1.
        ended: When; None sets no deadline.
    """
    plain, idempotent, why = TABLE[type(failure)]
    match idempotent if policy.idempotent else plain:
        case Rule.HOLD:
            return Hold()
        case Rule.PARK:
            return Park(why)
        case Rule.RETRY if attempt >= policy.max_attempts:
            return Park(f"attempts_exhausted:{why}")
        case _:
            after_s = delay_s(attempt, policy, jitter, failure.retry_after_s)
            return _in_time(Retry(after_s), why, ended)


def _in_time(retry: Retry, why: str, ended: Ended | None) -> Verdict:
    """The retry, unless it would begin after the deadline."""
    if ended is None or ended.at + retry.after_s <= ended.deadline.at:
        return retry
    if ended.deadline.why == LINKS_EXPIRED:
        return Park(LINKS_EXPIRED)
    return Park(f"{GAVE_UP}:{why}")


def parked_remedy(remedy: str, why: str, delivery_id: str) -> str:
    """What a person must do about a parked delivery: nothing more happens by itself.

    Args:
        remedy: Of its last failure.
        why: Of the verdict.
        delivery_id: Which one.
    """
    if why == LINKS_EXPIRED:
        return failures.LinksExpired.remedy
    return f"{remedy} Then: sasbiws deliveries retry {delivery_id}, or discard.".strip()


def delay_s(attempt: int, policy: Policy, jitter: float, retry_after_s: float | None) -> float:
    """Seconds until the next attempt: exponential with full jitter, never before Retry-After."""
    ceiling = min(policy.retry_max_s, policy.retry_first_s * 2.0 ** min(attempt - 1, 30))
    return max(ceiling * jitter, retry_after_s or 0.0)
