"""A task with staged files, from the webhook to the stored process, on the whole adapter."""

import hashlib
import json
import re
import time

import pytest
import requests

LIMIT_S = 30.0
METADATA = json.dumps([{"columnName": name, "dataType": "CHARACTER"} for name in "ab"]).encode()
DATA = b"1,x\r\n2,y\r\n3,\xc3\xa4\r\n"
STAGED = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
stage = true
stage_hosts = 127.0.0.1
[Download File]
schema = DownloadFile.xsd
"""


def task(metadata, data, number=1):
    return {
        "taskId": f"T{number}", "taskVersionId": "V", "occurrenceId": f"occ{number}",
        "outboundEventName": "BulkSend", "externalTenantId": "tenant", "tenantMoniker": "acme",
        "responseTrackingCode": "c", "taskCode": "TSK_101", "taskName": "Mailing",
        "presignedUrls": {"metadataFile": metadata, "dataFile": data},
        "sendParameters": {"stpName": "Download File"},
    }  # fmt: skip


@pytest.fixture
def files(host):
    """Two hosts, one of each file of a task."""
    return host(METADATA), host(DATA)


def posted(site, metadata, data, number=1):
    body = task(f"{metadata}/metadata.json?sig=1", f"{data}/data.csv?sig=2", number)
    answer = site.post(body)
    assert answer.status_code == 202, answer.text
    return answer.json()["deliveryId"]


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
