"""A task with staged files, from the webhook to the stored process, on the whole adapter."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time

import pytest
import requests
from jsonschema import Draft202012Validator
from staged_task import METADATA, ROUTE, bulk_task

LIMIT_S = 30.0


def eventually(true):
    deadline = time.monotonic() + LIMIT_S
    while not (value := true()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


DATA = b"1,x\r\n2,y\r\n3,\xc3\xa4\r\n"
STAGED = f"""{ROUTE}\
[Download File]
schema = DownloadFile.xsd
"""


def task(metadata, data, number=1):
    return bulk_task(metadata, data, f"T{number}", f"occ{number}")


@pytest.fixture
def files(host):
    """Two hosts, one of each file of a task."""
    return host(METADATA), host(DATA)


def posted(site, metadata, data, number=1):
    body = task(f"{metadata}/metadata.json?sig=1", f"{data}/data.csv?sig=2", number)
    answer = site.post(body)
    assert answer.status_code == 202, answer.text
    return answer.json()["deliveryId"]


def turn_staging_off(site):
    conf = site.home / "conf/serviceConfig.ini"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace("stage = true", "stage = false"), encoding="utf-8")
    site.serving.reloading.ask()
    routes = site.serving.parts.stager.desk.routes
    eventually(lambda: not any(route.staging.on for route in routes.all()))


def links_sent(site):
    text = site.emulator.requests[-1].body.decode()
    return re.findall(r"http://[^<\s]+/files/[^<\s]+", text)


def test_files_of_s3_reach_the_stored_process_by_short_links(open_site, bucket, caplog):
    bucket.put("metadata.json", METADATA)
    bucket.put("data.csv", DATA)
    site = open_site(STAGED)
    body = task(bucket.link("metadata.json"), bucket.link("data.csv"))

    answer = site.post(body)
    delivery = site.ended(answer.json()["deliveryId"])

    assert delivery["status"] == "delivered", delivery
    assert delivery["attempts"] == 1
    assert delivery["staging"]["rows"] == 3
    data = delivery["staging"]["files"][1]
    assert data["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert data["bytes"] == data["totalBytes"] == len(DATA)
    links = links_sent(site)
    assert [link.rpartition("/")[2] for link in links] == ["metadata.json", "data.csv"]
    assert all(len(link) < 200 for link in links)
    assert "X-Amz-Signature" not in site.emulator.requests[-1].body.decode()
    tokens = [link.split("/")[4] for link in links]
    assert not any(token in caplog.text or token in json.dumps(delivery) for token in tokens)


def test_short_links_give_ranges_and_nothing_to_who_guesses(open_site, files):
    site = open_site(STAGED)
    site.ended(posted(site, files[0].url, files[1].url))
    link = links_sent(site)[1]
    token = link.split("/")[4]

    part = requests.get(link, headers={"Range": "bytes=2-4"}, timeout=LIMIT_S)
    assert (part.status_code, part.content) == (206, DATA[2:5])
    assert requests.get(link, timeout=LIMIT_S).content == DATA
    for guess in (token[:-1] + "-", token.partition("-")[0] + "-", "x", token.partition("-")[0]):
        assert requests.get(link.replace(token, guess), timeout=LIMIT_S).status_code == 404
    assert (
        requests.get(link.replace("data.csv", "metadata.json"), timeout=LIMIT_S).status_code == 404
    )


def test_a_link_ends_and_files_go_once_they_were_kept_long_enough(open_site, files):
    site = open_site(STAGED.replace("[Download", "[adapter:server]\nkeep_staged = 0\n[Download"))
    delivery_id = posted(site, files[0].url, files[1].url)
    site.ended(delivery_id)
    link = links_sent(site)[1]

    assert requests.get(link, timeout=LIMIT_S).status_code == 404
    site.serving.parts.upkeep.round()
    assert not (site.home / "var/staged" / delivery_id).exists()


def test_only_hosts_that_may_are_given_files(open_site, files):
    site = open_site(STAGED.replace("[Download", "files_allow = 10.1.0.0/16\n[Download"))
    delivery_id = posted(site, files[0].url, files[1].url)
    site.ended(delivery_id)

    answer = requests.get(links_sent(site)[0], timeout=LIMIT_S)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FILE_CALLER_REFUSED")


def test_links_are_good_again_for_what_a_person_sends_again_after_long(open_site, files):
    short = "give_up_after = 1\n[adapter:server]\nkeep_staged = 0\n[Download"
    site = open_site(STAGED.replace("[Download", short))
    operate = site.serving.parts.web.operating.operate
    operate.hold("Download File", "not now")
    delivery_id = posted(site, files[0].url, files[1].url)
    get = site.serving.parts.deliveries.get
    expires_at = eventually(lambda: get(delivery_id).staging.expires_at)
    eventually(lambda: time.time() > expires_at)
    operate.release(stored_process="Download File")
    assert site.ended(delivery_id)["error"]["why"] == "gave_up"

    operate.retry(delivery_id)

    assert site.ended(delivery_id)["status"] == "delivered"
    assert len(site.emulator.executions) == 1


def test_a_path_in_place_of_a_link(open_site, files):
    more = "stage_as = path\nstage_path_prefix = \\\\adapter\\staged\n[Download"
    site = open_site(STAGED.replace("[Download", more))
    delivery_id = posted(site, files[0].url, files[1].url)

    site.ended(delivery_id)  # the emulator's stored process takes links only

    text = site.emulator.requests[-1].body.decode()
    assert f"\\\\adapter\\staged\\{delivery_id}\\data.csv" in text


def test_an_expired_link_is_healed_by_the_task_sent_again(open_site, files):
    site = open_site(STAGED)
    files[1].status = 403
    delivery_id = posted(site, files[0].url, files[1].url)
    parked = site.ended(delivery_id)
    assert (parked["status"], parked["error"]["why"]) == ("parked", "links_expired")
    assert not site.emulator.executions

    files[1].status = 200
    body = task(f"{files[0].url}/metadata.json?sig=3", f"{files[1].url}/data.csv?sig=4")
    assert site.post(body).json()["deliveryId"] == delivery_id
    healed = site.ended(delivery_id)

    assert (healed["status"], len(site.emulator.executions)) == ("delivered", 1)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"1,x\r\n2\r\n", "has 1 columns in record 2"), (b"1,\xff\r\n", "0xff in line 1")],
)
def test_files_that_do_not_belong_together_are_not_sent(open_site, files, data, told):
    site = open_site(STAGED)
    files[1].body = data

    parked = site.ended(posted(site, files[0].url, files[1].url))

    assert (parked["status"], parked["error"]["why"]) == ("parked", "stage_mismatch")
    assert told in parked["error"]["message"]
    assert not site.emulator.executions


def test_a_host_that_is_not_allowed(open_site, files):
    site = open_site(STAGED.replace("stage_hosts = 127.0.0.1", "stage_hosts = *.amazonaws.com"))

    parked = site.ended(posted(site, files[0].url, files[1].url))

    assert parked["error"]["why"] == "file_host_refused"
    assert "stage_hosts" in parked["error"]["remedy"]


def test_an_unwell_host_is_tried_again_and_nothing_is_sent_meanwhile(open_site, files):
    site = open_site(STAGED)
    files[1].status = 503
    delivery_id = posted(site, files[0].url, files[1].url)
    deadline = time.monotonic() + LIMIT_S
    while len(files[1].ranges) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert site.delivery(delivery_id)["attempts"] == 0

    files[1].status = 200

    assert site.ended(delivery_id)["status"] == "delivered"
    assert len(site.emulator.executions) == 1


def test_what_cannot_be_staged_is_sent_with_its_links_once_staging_is_off(open_site, files):
    site = open_site(STAGED.replace("stage_hosts = 127.0.0.1", "stage_hosts = *.amazonaws.com"))
    delivery_id = posted(site, files[0].url, files[1].url)
    assert site.ended(delivery_id)["error"]["why"] == "file_host_refused"
    turn_staging_off(site)

    site.serving.parts.web.operating.operate.retry(delivery_id)

    assert site.ended(delivery_id)["status"] == "delivered"
    assert len(site.emulator.executions) == 1


def test_what_waits_is_staged_though_its_stored_process_stages_no_more(
    open_site, files, monkeypatch
):
    monkeypatch.setattr("adapter.staging.stager.REST_S", 0.2)
    site = open_site(STAGED)
    files[1].status = 503
    delivery_id = posted(site, files[0].url, files[1].url)
    turn_staging_off(site)

    files[1].status = 200

    assert site.ended(delivery_id)["status"] == "delivered"
    assert len(site.emulator.executions) == 1


def test_a_failure_of_the_adapter_itself_is_tried_again(open_site, files):
    site = open_site(
        STAGED.replace("retry_first = 0.05", "retry_first = 2").replace(
            "retry_max = 0.2", "retry_max = 2"
        )
    )
    really, failed = site.serving.parts.stager.fetch, []

    def failing(*arguments):
        if not failed:
            failed.append(site.url)
            raise ZeroDivisionError
        return really(*arguments)

    site.serving.parts.stager.fetch = failing
    delivery_id = posted(site, files[0].url, files[1].url)
    eventually(lambda: site.delivery(delivery_id)["status"] != "queued" or failed)
    told = eventually(lambda: site.delivery(delivery_id).get("error"))

    assert (told["code"], told["why"]) == ("STAGE_CRASHED", "")
    assert "ZeroDivisionError" in told["message"]
    assert site.ended(delivery_id)["status"] == "delivered"
    assert len(site.emulator.executions) == 1


def test_a_disk_that_was_full_is_gone_on_with(open_site, files):
    site = open_site(STAGED)
    folder = site.home / "var/staged"
    folder.rmdir() if folder.is_dir() else None
    folder.write_bytes(b"")  # no folder can be made in a file, as on a disk without room

    delivery_id = posted(site, files[0].url, files[1].url)
    eventually(lambda: site.delivery(delivery_id).get("error"))
    assert not site.emulator.executions
    folder.unlink()

    assert site.ended(delivery_id)["status"] == "delivered"


def test_links_that_end_while_their_host_is_unwell_are_not_tried_for_ever(open_site, files):
    site = open_site(STAGED)
    files[1].status = 503
    ends = int(time.time()) + 3
    data = f"{files[1].url}/data.csv?Expires={ends}&Signature=planted"
    answer = site.post(task(f"{files[0].url}/metadata.json", data))

    parked = site.ended(answer.json()["deliveryId"])

    assert (parked["status"], parked["error"]["why"]) == ("parked", "links_expired")
    assert time.time() > ends - 1
    assert "planted" not in json.dumps(parked)
    assert not site.emulator.executions


def test_the_number_of_records_of_the_payload_is_compared(open_site, files):
    site = open_site(STAGED)
    body = task(f"{files[0].url}/metadata.json?sig=1", f"{files[1].url}/data.csv?sig=2")
    body["presignedUrls"]["rowCount"] = 4

    parked = site.ended(site.post(body).json()["deliveryId"])

    assert parked["error"]["why"] == "stage_mismatch"
    assert "3 records, the payload tells 4" in parked["error"]["message"]


def test_progress_is_told_as_the_openapi_document_has_it(open_site, files, run):
    site = open_site(STAGED)
    files[1].status = 503
    delivery_id = posted(site, files[0].url, files[1].url)
    waiting = eventually(lambda: told_if_failed(site, delivery_id))

    document = requests.get(f"{site.url}/openapi.json", timeout=LIMIT_S).json()
    schemas = document["components"]
    whole = Draft202012Validator({"$ref": "#/components/schemas/Delivery", "components": schemas})
    whole.validate(waiting)
    own = Draft202012Validator({"$ref": "#/components/schemas/Staging", "components": schemas})
    own.validate(waiting["staging"])
    assert set(waiting["staging"]) == set(schemas["schemas"]["Staging"]["properties"])
    shown = run("deliveries", "show", delivery_id, "--home", site.home)
    assert f"being staged: metadata.json {len(METADATA)} of {len(METADATA)} bytes" in shown
    files[1].status = 200

    whole.validate(site.ended(delivery_id))
    shown = run("deliveries", "show", delivery_id, "--home", site.home)
    assert f"staged: metadata.json {len(METADATA)} of" in shown
    assert f"data.csv {len(DATA)} of {len(DATA)} bytes, 3 records" in shown


def told_if_failed(site, delivery_id):
    delivery = site.delivery(delivery_id)
    return delivery if "error" in delivery else None


@pytest.fixture
def run():
    """What a command prints on a wide terminal, its line breaks as blanks."""

    def printed(*arguments):
        command = [sys.executable, "-m", "adapter", *map(str, arguments)]
        environ = {**os.environ, "COLUMNS": "300"}
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, check=True, timeout=LIMIT_S
        )
        return " ".join(done.stdout.split())

    return printed
