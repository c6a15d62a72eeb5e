"""Deliveries that wait for their files: who stages which, and how it ends, on either engine."""

from dataclasses import replace
from itertools import chain

import pytest

from adapter.core.delivery import Filter, Gate, Idle, Lease, Outcome, State
from adapter.core.failures import ConnectionLost, LinksExpired
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.payload import Limits, Payload
from adapter.core.stage_failures import FileUnavailable, NotStaged
from adapter.core.staging import Staging
from adapter.core.verdict import Retry
from adapter.store.staged import SqlStaging

DEAD = {"gone"}


def gate(_):
    return Gate(10)


@pytest.fixture
def waiting(store, clock):
    """Adds deliveries that wait for their files; a key makes another task."""

    def add(key, sig="1", expire_at=None, *, stage=True):
        link = f"https://files.example.test/{{}}?X-Amz-Signature={sig}"
        raw = b'{"presignedUrls": {"metadataFile": "%s", "dataFile": "%s"}}' % (
            link.format("m.json").encode(),
            link.format("d.csv").encode(),
        )
        staging = Staging.of(Payload.parse(raw, Limits(10_000))) if stage else None
        kept = IdempotencyKey(key, KeySource.BULK_TASK)
        table = f"<Table><a>{link.format('m.json')}</a></Table>".encode()
        message = Message(clock.new_id(), "stp", kept, raw, table, "r", "", expire_at, staging)
        return store.add(message).delivery_id

    return add


@pytest.fixture
def staging(open_store, clock):
    """Makes the staging of an owner on the store's database, by connections of its own."""

    made = []

    def of(owner):
        made.append(SqlStaging(open_store()._database._engine, clock, owner, DEAD.intersection))
        return made[-1]

    yield of
    for each in made:
        each.close()


def test_what_waits_for_its_files_is_leased_by_nobody(store, waiting):
    waiting("one")

    assert isinstance(store.lease("x", gate), Idle)


def test_what_waits_for_its_files_goes_on_waiting_for_them_when_the_clock_is_set_back(
    store, staging, waiting, clock
):
    assert isinstance(store.lease("x", gate), Idle)
    delivery_id = waiting("one")
    clock.advance(-3600)

    assert isinstance(store.lease("x", gate), Idle)

    assert staging("mine").claim(()).delivery_id == delivery_id


def test_each_is_staged_by_one_in_the_order_of_arrival(staging, waiting, clock):
    ids = []
    for key in "abc":
        ids.append(waiting(key))
        clock.advance(1)
    mine, other = staging("mine"), staging("other")

    first = mine.claim(())
    second = other.claim(())
    third = mine.claim({first.delivery_id})

    assert [each.delivery_id for each in (first, second, third)] == ids
    assert mine.claim(ids) is None
    assert other.claim({second.delivery_id}) is None


def test_only_a_dead_owner_is_taken_over_from_with_what_he_has(staging, waiting):
    delivery_id = waiting("one")
    gone, other = staging("gone"), staging("other")
    job = gone.claim(())
    data = job.staging.files[1]
    half = job.staging.with_file(
        type(data)(data.part, data.link_sha256, data.name, got=5, total=9, etag='"e"')
    )
    assert gone.progress(job, half)

    taken = other.claim(())

    assert (taken.delivery_id, taken.staging) == (delivery_id, half)
    assert not gone.progress(job, half)
    assert not gone.done(job, half)
    assert not gone.park(job, half, LinksExpired("late"), "links_expired")
    assert staging("third").claim(()) is None


def test_what_is_staged_is_due_at_once_however_soon_its_links_expire(
    store, staging, waiting, clock
):
    delivery_id = waiting("one", expire_at=clock.now() + 1)
    mine = staging("mine")
    job = mine.claim(())
    clock.advance(100)
    assert mine.done(job, replace(job.staging, done_at=clock.now(), rows=3))

    lease = store.lease("x", gate)
    assert isinstance(lease, Lease)
    assert (lease.delivery_id, lease.links_expire_at, lease.staging.rows) == (delivery_id, None, 3)
    assert store.get(delivery_id).staged
    assert mine.claim(()) is None


def test_a_failure_is_tried_again_at_its_time(store, staging, waiting, clock):
    delivery_id = waiting("one")
    mine = staging("mine")
    job = mine.claim(())

    assert mine.again(job, job.staging, FileUnavailable("no\0answer"), clock.now() + 60)

    told = store.get(delivery_id)
    assert (told.code, told.due_at) == ("FILE_UNAVAILABLE", clock.now() + 60)
    assert told.attempts == 0
    assert mine.claim(()) is None
    clock.advance(60)
    assert staging("other").claim(()).delivery_id == delivery_id


def test_a_parked_one_is_healed_by_fresh_links_and_old_work_is_refused(store, staging, waiting):
    delivery_id = waiting("one")
    mine = staging("mine")
    job = mine.claim(())
    assert mine.park(job, job.staging, LinksExpired("expired"), "links_expired")
    parked = store.get(delivery_id)
    assert (parked.state, parked.why) == (State.PARKED, "links_expired")

    assert waiting("one", sig="2") == delivery_id

    again = mine.claim(())
    assert (again.delivery_id, again.staging.tried) == (delivery_id, 0)
    assert again.digest != job.digest
    assert not mine.done(job, job.staging)
    assert mine.progress(again, again.staging)


def staged(mine, clock):
    """The next one, with a place for each of its files."""
    job = mine.claim(())
    files = tuple(replace(each, location=f"/staged/{each.name}") for each in job.staging.files)
    assert mine.done(job, replace(job.staging, files=files, done_at=clock.now()))


def test_fresh_links_do_not_take_the_staged_files_from_a_call_under_way(
    store, staging, waiting, clock
):
    waiting("one")
    staged(staging("mine"), clock)
    lease = store.lease("x", gate)

    assert waiting("one", sig="2") == lease.delivery_id

    lost = Outcome(Retry(0.0), "rest", clock.now(), failure=ConnectionLost("broke"))
    assert store.record(lease, lost)
    again = store.lease("x", gate)
    sent = again.staging.in_place_of_links(again.table)
    assert b"<a>/staged/m.json</a>" in sent
    assert b"Signature" not in sent


def test_what_is_staged_expires_no_more_though_it_is_built_anew(
    store, ledger, staging, waiting, clock
):
    delivery_id = waiting("one", expire_at=clock.now() + 9)
    staged(staging("mine"), clock)
    kept = ledger.kept(delivery_id)
    key = IdempotencyKey("one", KeySource.BULK_TASK)
    again = Message(delivery_id, "stp", key, kept.payload, kept.table, "r", "", clock.now() + 9)

    ledger.requeue(delivery_id, again)

    assert store.get(delivery_id).staged
    assert ledger.find(Filter(links_expire_before=clock.now() + 60), 9) == ()


@pytest.mark.parametrize("here", [True, False])
def test_fresh_links_are_sent_themselves_once_nothing_is_staged_any_more(
    store, staging, waiting, clock, here
):
    delivery_id = waiting("one")
    mine = staging("mine")
    if here:
        staged(mine, clock)

    assert waiting("one", sig="2", expire_at=clock.now() + 9, stage=False) == delivery_id

    assert mine.claim(()) is None
    lease = store.lease("x", gate)
    assert (lease.staging, lease.links_expire_at) == (None, clock.now() + 9)
    assert b"Signature=2" in lease.table


def test_what_was_leased_before_its_files_were_here_waits_for_them(store, staging, waiting):
    delivery_id = waiting("one", stage=False)
    lease = store.lease("x", gate)

    assert store.record(lease, Outcome(Retry(0.0), "rest", 1.0, failure=NotStaged("not here")))

    told = store.get(delivery_id)
    assert told.state is State.RETRYING
    assert isinstance(store.lease("x", gate), Idle)


def test_files_of_what_is_sent_again_just_now_stay(store, ledger, staging, waiting, clock):
    delivery_id = waiting("one")
    mine = staging("mine")
    staged(mine, clock)
    ledger.cancel(delivery_id, "cancelled")
    ledger.requeue(delivery_id)

    assert not mine.forget(delivery_id)

    assert store.get(delivery_id).staged


def test_files_that_are_gone_are_fetched_anew(store, ledger, staging, waiting):
    delivery_id = waiting("one")
    mine = staging("mine")
    job = mine.claim(())
    mine.done(job, job.staging)

    ledger.cancel(delivery_id, "cancelled")
    assert mine.forget(delivery_id)
    assert mine.forget("nobody")

    assert store.get(delivery_id).staging == Staging.from_json(job.staging.anew().to_json())
    kept = mine.kept([delivery_id, "nobody"])
    assert list(kept) == [delivery_id]
    assert kept[delivery_id].state is State.CANCELLED


def test_two_processes_stage_each_delivery_once(store, waiting, place, program, all_at_once):
    ids = [waiting(f"key-{number}") for number in range(30)]

    staged = all_at_once([program("stage_all", place, owner) for owner in ("a", "b")])

    assert sorted(staged[0] + staged[1]) == sorted(ids)
    assert all(store.get(each).staged for each in ids)


def test_threads_of_one_process_stage_each_delivery_once(staging, waiting, in_threads):
    ids = [waiting(f"key-{number}") for number in range(12)]
    mine = [staging(f"owner-{number}") for number in range(4)]

    def work(number):
        return [job.delivery_id for job in iter(lambda: claimed(mine[number]), None)]

    def claimed(one):
        job = one.claim(())
        return job if job and one.done(job, job.staging) else None

    assert sorted(chain.from_iterable(in_threads(4, work))) == sorted(ids)
