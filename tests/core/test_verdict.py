"""What becomes of a delivery: the table of failures, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core import failures, stage_failures
from adapter.core.failures import DeliveryError, Effect
from adapter.core.route import Policy
from adapter.core.verdict import TABLE, Hold, Park, Retry, delay_s, judge, parked_remedy

PLAIN = Policy()
IDEMPOTENT = Policy(idempotent=True)
NOW = Retry(0.0)


def leaves(error=DeliveryError):
    children = error.__subclasses__()
    return [leaf for child in children for leaf in leaves(child)] if children else [error]


def test_every_leaf_of_the_delivery_errors_has_its_row():
    assert set(leaves()) == set(TABLE)


def test_every_leaf_has_a_code_of_its_own_and_a_remedy():
    codes = [leaf.code for leaf in leaves()]
    assert len(codes) == len(set(codes))
    assert all(leaf.remedy for leaf in leaves())


ROWS = [
    # failure                       effect            plain route                  idempotent
    (failures.NameNotFound,         Effect.NOT_SENT,  NOW,                         NOW),
    (failures.ConnectionRefused,    Effect.NOT_SENT,  NOW,                         NOW),
    (failures.ConnectTimedOut,      Effect.NOT_SENT,  NOW,                         NOW),
    (failures.TlsFailed,            Effect.NOT_SENT,  NOW,                         NOW),
    (failures.ContractUnavailable,  Effect.NOT_SENT,  NOW,                         NOW),
    (stage_failures.FileUnavailable, Effect.NOT_SENT, NOW,                         NOW),
    (stage_failures.StageDiskFull,  Effect.NOT_SENT,  NOW,                         NOW),
    (stage_failures.StageCrashed,   Effect.NOT_SENT,  NOW,                         NOW),
    (stage_failures.NotStaged,      Effect.NOT_SENT,  NOW,                         NOW),
    (stage_failures.FileHostRefused, Effect.NOT_SENT, Park("file_host_refused"),   Park("file_host_refused")),
    (stage_failures.FileTooLarge,   Effect.NOT_SENT,  Park("file_too_large"),      Park("file_too_large")),
    (stage_failures.StageMismatch,  Effect.NOT_SENT,  Park("stage_mismatch"),      Park("stage_mismatch")),
    (failures.SasBusy,              Effect.NOT_RUN,   NOW,                         NOW),
    (failures.CredentialsRefused,   Effect.NOT_RUN,   Hold(),                      Hold()),
    (failures.RequestRefused,       Effect.NOT_RUN,   Park("request_refused"),     Park("request_refused")),
    (failures.ClientFault,          Effect.NOT_RUN,   Park("request_refused"),     Park("request_refused")),
    (failures.ContractUnusable,     Effect.NOT_RUN,   Park("contract_unusable"),   Park("contract_unusable")),
    (failures.RouteUnknown,         Effect.NOT_RUN,   Park("route_unknown"),       Park("route_unknown")),
    (failures.ProgramFailed,        Effect.RAN,       Park("program_failed"),      NOW),
    (failures.ConfigurationFault,   Effect.NOT_RUN,   NOW,                         NOW),
    (failures.ProgramTimedOut,      Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.ServerFailed,         Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AnswerTimedOut,       Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.ConnectionLost,       Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AnswerTooLarge,       Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AnswerIsHtml,         Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AnswerEmpty,          Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AnswerNotXml,         Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AnswerNotSas,         Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.MayHaveRun,           Effect.NOT_SENT,  Park("outcome_unknown"),     Park("outcome_unknown")),
    (failures.WorkerDied,           Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
    (failures.AttemptCrashed,       Effect.UNKNOWN,   Park("outcome_unknown"),     NOW),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "effect", "plain", "idempotent"), ROWS)
def test_the_verdict_on_a_first_failed_attempt(failure, effect, plain, idempotent):
    assert failure.effect is effect
    assert judge(failure("x"), 1, PLAIN, jitter=0.0) == plain
    assert judge(failure("x"), 1, IDEMPOTENT, jitter=0.0) == idempotent


def test_a_failure_of_unknown_effect_is_never_retried_without_leave():
    for leaf in leaves():
        if leaf.effect in (Effect.UNKNOWN, Effect.RAN):
            assert isinstance(judge(leaf("x"), 1, PLAIN, jitter=0.0), Park)


def test_the_last_attempt_parks_and_says_why():
    policy = Policy(max_attempts=3)
    assert isinstance(judge(failures.SasBusy("x"), 2, policy, 0.5), Retry)
    assert judge(failures.SasBusy("x"), 3, policy, 0.5) == Park("attempts_exhausted:sas_busy")


def test_retry_after_is_waited_for():
    busy = failures.SasBusy("x", retry_after_s=120.0)
    assert judge(busy, 1, PLAIN, jitter=0.1) == Retry(120.0)


@given(st.integers(1, 5000), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 1e6))
def test_a_wait_lies_between_zero_and_the_longest(attempt, jitter, retry_after_s):
    delay = delay_s(attempt, Policy(), jitter, retry_after_s)
    assert 0 <= delay <= max(300.0, retry_after_s or 0.0)
    assert delay >= (retry_after_s or 0.0)


def test_waits_double():
    assert [delay_s(n, Policy(), 0.5, None) for n in (1, 2, 3, 9)] == [1.0, 2.0, 4.0, 150.0]


def test_the_remedy_of_a_parked_delivery_says_that_nothing_happens_by_itself():
    for leaf in leaves():
        remedy = parked_remedy(leaf.remedy, "why", "d1")
        assert "Then: sasbiws deliveries retry d1" in remedy
        assert "is tried again" not in remedy
