"""Sending again with today's mapping and schema: what that heals, and what it leaves alone."""

import time

from callers import get, post, refused, send, task, until
from test_operating import operate, parked, status, token

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
max_attempts = 1
[Echo]
schema = strict.xsd
[Fault]
"""

STRICT = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="Table"><xs:complexType><xs:sequence>
    <xs:element name="InData" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:any minOccurs="0" maxOccurs="{columns}" processContents="skip"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
"""A schema that allows so many columns."""


def allow(home, columns):
    (home / "schemas/strict.xsd").write_text(STRICT.format(columns=columns), encoding="utf-8")


def opened(open_premises):
    premises = open_premises(SERVICE_CONFIG)
    allow(premises.home, 1)
    return premises


def test_a_mended_schema_heals_a_rejected_task_without_a_restart(open_premises):
    with opened(open_premises).serving() as site:
        event = task("Echo", a=1, guid="event-1")
        error = refused(site, post(site, event), 422, "DOCUMENT_INVALID")
        target = f"/deliveries/{error['deliveryId']}/retry"
        again = refused(site, operate(site, target), 422, "DOCUMENT_INVALID")
        assert again["deliveryId"] == error["deliveryId"]
        assert status(site, error["deliveryId"]) == "rejected"
        allow(site.home, 9)
        reply = operate(site, target)
        assert (reply.status, reply.body["mayRunTwice"]) == (200, False)
        assert site.ended(error["deliveryId"])["status"] == "delivered"
        (execution,) = site.emulator.executions
        assert execution.columns["a"] == "1"


def test_a_rejected_task_that_is_still_wrong_tells_what_is_wrong_now(open_premises):
    with opened(open_premises).serving() as site:
        error = refused(site, post(site, task("Echo", a=1)), 422, "DOCUMENT_INVALID")
        before = get(site, f"/deliveries/{error['deliveryId']}").body["error"]
        allow(site.home, 0)
        reply = operate(site, f"/deliveries/{error['deliveryId']}/retry")
        refused(site, reply, 422, "DOCUMENT_INVALID")
        after = get(site, f"/deliveries/{error['deliveryId']}").body["error"]
        assert after["message"] != before["message"]
        assert after["details"] == reply.error["details"]


def test_a_rejected_one_has_no_document_to_send_as_it_was(open_premises):
    with opened(open_premises).serving() as site:
        error = refused(site, post(site, task("Echo", a=1)), 422, "DOCUMENT_INVALID")
        reply = operate(site, f"/deliveries/{error['deliveryId']}/retry", asSent=True)
        refused(site, reply, 409, "DELIVERY_NOT_WAITING", "rejected")


def test_a_rejected_task_that_came_again_meanwhile_is_not_run_twice(open_premises):
    premises = opened(open_premises)
    event = task("Echo", guid="event-2", a=1)
    with premises.serving() as site:
        error = refused(site, post(site, event), 422, "DOCUMENT_INVALID")
    allow(premises.home, 9)
    with premises.serving() as site:
        post(site, event, wait=30)
        reply = operate(site, f"/deliveries/{error['deliveryId']}/retry")
        refused(site, reply, 409, "ALREADY_ACCEPTED")
        assert len(site.emulator.executions) == 1


def test_a_rejected_task_keeps_the_key_that_its_caller_gave(open_premises):
    with opened(open_premises).serving() as site:
        event = task("Echo", a=1)
        ids = [
            refused(site, post(site, event, Idempotency_Key="mine"), 422, "DOCUMENT_INVALID")[
                "deliveryId"
            ]
            for _ in range(2)
        ]
        allow(site.home, 9)
        operate(site, f"/deliveries/{ids[0]}/discard")
        assert operate(site, f"/deliveries/{ids[0]}/retry").status == 200
        assert site.ended(ids[0])["status"] == "delivered"
        refused(site, operate(site, f"/deliveries/{ids[1]}/retry"), 409, "ALREADY_ACCEPTED")
        assert len(site.emulator.executions) == 1


def test_a_key_that_cannot_be_taken_is_not_kept(open_premises):
    with opened(open_premises).serving() as site:
        reply = post(site, task("Echo", a=1), Idempotency_Key="k" * 256)
        error = refused(site, reply, 422, "DOCUMENT_INVALID")
        allow(site.home, 9)
        assert operate(site, f"/deliveries/{error['deliveryId']}/retry").status == 200


def test_a_name_that_is_still_missing_stays_missing(open_premises):
    with opened(open_premises).serving() as site:
        error = refused(site, post(site, b'{"a": 1}'), 400, "STP_NAME_MISSING")
        reply = operate(site, f"/deliveries/{error['deliveryId']}/retry")
        refused(site, reply, 400, "STP_NAME_MISSING")


def test_names_that_disagree_still_do(open_premises):
    with opened(open_premises).serving() as site:
        error = refused(site, post(site, task("Echo"), "/Fault"), 400, "STP_NAME_CONFLICT")
        reply = operate(site, f"/deliveries/{error['deliveryId']}/retry")
        refused(site, reply, 400, "STP_NAME_CONFLICT")


def test_links_that_expired_are_not_sent_again(open_premises):
    with opened(open_premises).serving() as site:
        soon = int(time.time()) + 2
        link = f"https://files.example.test/x?Expires={soon}&Signature=0123456789"
        delivery_id = parked(site, dataFile=link)
        until(lambda: time.time() > soon)
        for as_sent in (False, True):
            reply = operate(site, f"/deliveries/{delivery_id}/retry", asSent=as_sent)
            error = refused(site, reply, 409, "LINKS_EXPIRED")
            assert "fresh links" in error["remedy"]
        assert status(site, delivery_id) == "parked"


def test_links_that_expired_are_healed_by_the_task_run_again(open_premises):
    with opened(open_premises).serving() as site:
        soon = int(time.time()) + 2
        link = f"https://files.example.test/x?Signature=0123456789&Expires={soon}"
        delivery_id = parked(site, guid="event-9", dataFile=link)
        until(lambda: time.time() > soon)
        target = f"/deliveries/{delivery_id}/retry"
        refused(site, operate(site, target), 409, "LINKS_EXPIRED")
        event = task("Fault", guid="event-9", dataFile=link.replace(str(soon), str(soon + 900)))
        assert post(site, event).body["deliveryId"] == delivery_id
        assert status(site, delivery_id) == "parked"
        assert operate(site, target).status == 200


def test_what_is_rejected_is_sent_again_in_bulk_as_far_as_it_is_mended(open_premises):
    with opened(open_premises).serving() as site:
        for number in range(3):
            members = {f"c{each}": each for each in range(number + 1)}
            refused(site, post(site, task("Echo", **members)), 422, "DOCUMENT_INVALID")
        allow(site.home, 3)
        body = operate(site, "/deliveries/retry", state="rejected", expect=3).body
        assert (body["done"], body["refused"]) == (2, 1)
        until(lambda: len(site.emulator.executions) == 2)
        headers = {"Authorization": f"Bearer {token(site)}"}
        left = send(site, "GET", "/deliveries/export?state=rejected", headers=headers).text
        assert len(left.splitlines()) == 1
