"""`sasbiws deliveries`: what an operator types at night, beside an adapter that runs."""

import json
import re
import shlex

import pytest

from adapter.emulator import Switches

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
max_attempts = 2
[Echo]
[Fault]
[Download File]
schema = DownloadFile.xsd
"""

SIGNATURE = "0123456789abcdefsignature"
LINK = f"https://files.example.test/d.csv?X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}"


@pytest.fixture
def site(open_site):
    return open_site(SERVICE_CONFIG)


@pytest.fixture
def deliveries(run, site):
    """Runs `sasbiws deliveries …` on the home of the site."""

    def run_one(*arguments, **options):
        ended = run("deliveries", *arguments, "--home", site.home, **options)
        assert SIGNATURE not in ended.out + ended.err
        return ended

    return run_one


def posted(site, stored_process, **members):
    body = {"sendParameters": {"stpName": stored_process}, **members}
    answer = site.post(body, Prefer="wait=30").json()
    return answer.get("deliveryId") or answer["error"]["deliveryId"]


def parked(site, **members):
    return posted(site, "Fault", code=3000, **members)


def status(site, delivery_id):
    return site.delivery(delivery_id)["status"]


def test_the_list_shows_counts_and_one_line_for_each(site, deliveries):
    assert "no deliveries yet" in deliveries("list").out
    ids = [posted(site, "Echo"), parked(site), posted(site, "Download File")]
    lines = deliveries("list").out.splitlines()
    assert lines[0].split() == ["delivered", "1", "parked", "1", "rejected", "1"]
    assert lines[2].split()[:4] == ["id", "state", "tries", "age"]
    assert [line.split()[0] for line in lines[3:]] == [name[:8] for name in reversed(ids)]
    assert "program_failed" in lines[4]
    assert "SAS fault 3000" in lines[4]
    assert "Download File" in lines[3]


def test_the_list_takes_filters_a_limit_and_says_how_many_there_are(site, deliveries):
    ids = [parked(site) for _ in range(3)]
    posted(site, "Echo")
    out = deliveries("list", "--state", "parked", "--limit", "2").out
    assert "2 of 3 shown" in out
    body = json.loads(deliveries("list", "--stp", "Fault", "--json").out)
    assert [each["deliveryId"] for each in body["deliveries"]] == ids[::-1]
    assert (body["matching"], body["counts"]) == (3, {"delivered": 1, "parked": 3})
    assert "no delivery matches" in deliveries("list", "--code", "NO_SUCH").out
    assert deliveries("list", "--older-than", "1h", "--json").exit_code == 0
    named = json.loads(deliveries("list", ids[0][:6], "--json").out)
    assert [each["deliveryId"] for each in named["deliveries"]] == [ids[0]]


def test_a_time_that_cannot_be_understood_is_wrong_usage(deliveries):
    ended = deliveries("list", "--newer-than", "soon")
    assert ended.exit_code == 2
    assert "30m, 2h or 7d" in ended.err


def test_a_delivery_is_shown_with_its_attempts_and_commands_that_work(site, deliveries):
    delivery_id = parked(site, dataFile=LINK)
    ended = deliveries("show", delivery_id[:5])
    assert ended.exit_code == 0
    for told in (delivery_id, "program_failed", "SAS_PROGRAM_FAILED", "ran", "500", "Remedy"):
        assert told.lower() in ended.out.lower()
    assert re.search(r"\d+ ms", ended.out)
    commands = re.findall(r"^sasbiws deliveries (\w+) (\w+)( --as-sent)?", ended.out, re.MULTILINE)
    assert [verb for verb, _, _ in commands] == ["retry", "retry", "discard"]
    for verb, name, option in commands:
        site.ended(delivery_id)
        assert deliveries(verb, name, *option.split()).exit_code == 0
    assert status(site, delivery_id) == "cancelled"


def test_what_is_shown_as_json_has_everything(site, deliveries):
    delivery_id = parked(site, taskId="T1")
    body = json.loads(deliveries("show", delivery_id, "--json").out)
    assert (body["deliveryId"], body["taskId"], body["status"]) == (delivery_id, "T1", "parked")
    assert body["history"][0]["durationMs"] >= 0
    assert body["idempotencyKey"]
    assert body["next"][-1]["command"] == f"sasbiws deliveries discard {delivery_id}"


def test_an_id_that_is_of_none_is_bad_and_one_of_several_lists_them(site, deliveries):
    ended = deliveries("show", "nosuch")
    assert (ended.exit_code, "DELIVERY_UNKNOWN" in ended.err) == (1, True)
    posted(site, "Echo")
    assert deliveries("show", "").exit_code == 1


def test_a_remedy_that_is_printed_works_when_it_is_typed(site, deliveries):
    rejected = posted(site, "Download File")
    remedies = [site.delivery(each)["error"]["remedy"] for each in (parked(site), rejected)]
    commands = [re.search(r"sasbiws deliveries ([^,;.]+)", text)[1] for text in remedies]
    assert deliveries(*shlex.split(commands[0])).exit_code == 0
    mended = deliveries(*shlex.split(commands[1]), "--yes")
    assert (mended.exit_code, "DOCUMENT_INVALID" in mended.err) == (1, True)


def test_one_that_may_have_run_is_sent_again_with_a_warning(site, deliveries):
    delivery_id = parked(site)
    ended = deliveries("retry", delivery_id)
    assert ended.exit_code == 0
    assert delivery_id in ended.out
    assert "may now run a second time" in ended.err
    site.ended(delivery_id)
    assert len(site.emulator.executions) == 2


def test_a_refusal_says_why_and_what_to_do(site, deliveries):
    rejected, delivered = posted(site, "Download File"), posted(site, "Echo")
    ended = deliveries("retry", rejected)
    assert (ended.exit_code, "DOCUMENT_INVALID" in ended.err) == (1, True)
    assert "expected metadataFile" in ended.err
    ended = deliveries("retry", delivered)
    assert (ended.exit_code, "Idempotency-Key" in ended.err) == (1, True)
    ended = deliveries("cancel", rejected, "--json")
    assert json.loads(ended.out)["error"]["code"] == "DELIVERY_NOT_WAITING"


@pytest.mark.parametrize("verb", ["retry", "discard", "purge"])
@pytest.mark.parametrize(
    ("number", "told"), [(1, "1 delivery is meant (1 p"), (2, "2 deliveries are meant (2 p")]
)
def test_none_is_touched_before_somebody_agrees(site, deliveries, verb, number, told):
    ids = [parked(site) for _ in range(number)]
    ended = deliveries(verb, "--state", "parked")
    assert ended.exit_code == 2
    assert told in ended.err
    assert "--yes" in ended.err
    assert {status(site, name) for name in ids} == {"parked"}


@pytest.mark.parametrize("verb", ["retry", "discard", "cancel", "purge"])
def test_nothing_to_do_ends_with_one_and_a_sentence(site, deliveries, verb):
    posted(site, "Echo")
    ended = deliveries(verb, "--stp", "Nobody", "--yes")
    assert (ended.exit_code, ended.err) == (1, f"no delivery matches: nothing to {verb}\n")
    assert deliveries(verb).exit_code == 2


def test_many_are_discarded_and_what_is_refused_is_listed(site, deliveries):
    ids = [parked(site), posted(site, "Download File"), posted(site, "Echo")]
    ended = deliveries("discard", *ids)
    assert ended.exit_code == 1
    assert "2 deliveries discarded" in ended.out
    assert f"refused  {ids[2]}  DELIVERY_NOT_WAITING" in ended.err
    assert [status(site, name) for name in ids] == ["cancelled", "cancelled", "delivered"]
    body = json.loads(deliveries("purge", "--state", "cancelled", "--yes", "--json").out)
    assert body == {"deleted": 2}


def test_purging_what_has_not_ended_is_refused(site, deliveries):
    deliveries("hold", "Echo")
    waiting = site.post({"sendParameters": {"stpName": "Echo"}}).json()["deliveryId"]
    ended = deliveries("purge", waiting)
    assert (ended.exit_code, "not ended" in ended.err) == (1, True)
    assert deliveries("purge", "--state", "queued", "--yes").exit_code == 2
    assert status(site, waiting) == "queued"


def test_a_hold_stops_an_account_until_it_is_released(site, deliveries):
    ended = deliveries("hold", "Echo", "--message", "SAS is patched")
    assert ended.exit_code == 0
    assert "Download File, Echo, Fault" in ended.out
    ids = [site.post({"sendParameters": {"stpName": "Echo"}}).json()["deliveryId"] for _ in "ab"]
    assert "held" in deliveries("list").out.splitlines()[1]
    shown = deliveries("show", ids[0]).out
    assert "SAS is patched" in shown
    assert "sasbiws deliveries release Echo" in shown
    assert "it is held" in deliveries("retry", ids[0]).err
    assert deliveries("cancel", ids[1]).exit_code == 0
    assert not site.emulator.executions
    assert deliveries("release", "Echo").exit_code == 0
    assert site.ended(ids[0])["status"] == "delivered"
    assert status(site, ids[1]) == "cancelled"
    assert deliveries("release", "Echo").exit_code == 1
    assert deliveries("release").exit_code == 1
    assert deliveries("hold", "Nobody").exit_code == 2


def test_after_a_refused_password_a_reload_is_advised_before_a_release(site, deliveries):
    site.emulator.switches = Switches(status=401)
    delivery_id = posted(site, "Echo")
    steps = json.loads(deliveries("show", delivery_id, "--json").out)["next"]
    commands = [step["command"] for step in steps]
    assert commands[:2] == ["sasbiws config reload", "sasbiws deliveries release Echo"]
    assert "SAS itself was wrong" in deliveries("show", delivery_id).out


def test_releasing_without_a_name_lifts_every_hold(site, deliveries):
    deliveries("hold", "Echo")
    body = json.loads(deliveries("release", "--json").out)
    assert len(body["released"]) == 1
    assert json.loads(deliveries("list", "--json").out)["holds"] == []


def test_an_export_is_one_line_of_json_each_with_links_masked(site, deliveries, tmp_path):
    ids = {parked(site, dataFile=LINK), posted(site, "Download File", dataFile=LINK)}
    ended = deliveries("export")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert {line["deliveryId"] for line in lines} == ids
    assert all("d.csv?***" in line["payload"] for line in lines)
    file = tmp_path / "export.jsonl"
    assert deliveries("export", "--state", "parked", "--output", file).exit_code == 0
    assert len(file.read_text("utf-8").splitlines()) == 1
    assert file.stat().st_mode & 0o077 == 0
    assert deliveries("export", "--stp", "Nobody").exit_code == 1


def test_what_an_operator_did_is_in_the_log_of_the_adapter(site, deliveries):
    delivery_id = parked(site)
    deliveries("discard", delivery_id)
    (log,) = (site.home / "logs").glob("*.log")
    (line,) = [each for each in log.read_text("utf-8").splitlines() if "outcome=done" in each]
    assert f"operator verb=discard by=cli delivery={delivery_id}" in line


def test_a_home_without_deliveries_is_looked_at_and_not_an_error(run, home):
    assert run("deliveries", "list", "--home", home).exit_code == 0
    assert run("deliveries", "list", "--home", home / "none").exit_code == 2
