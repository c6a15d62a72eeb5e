"""A task whose presigned links run out while SAS is away is never sent, and one is warned before."""

from datetime import UTC, datetime

from adapter_process import eventually


def links(valid_s):
    """A payload whose link was signed now, to the second, and is good for `valid_s` seconds."""
    signed = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    query = f"X-Amz-Date={signed}&X-Amz-Expires={valid_s}&X-Amz-Signature=planted"
    return {"presignedUrls": {"dataFile": f"https://files.example.test/data.csv?{query}"}}


def test_a_task_whose_links_expire_while_sas_is_away_is_parked_and_never_sent(serve, sas):
    sas.stop()
    adapter = serve()
    short = adapter.post("Echo", links(valid_s=3)).json()["deliveryId"]
    old = {
        "presignedUrls": {"dataFile": "https://files.example.test/x?Expires=1&Signature=planted"}
    }
    past = adapter.post("EchoAgain", old).json()["deliveryId"]
    long = adapter.post("Echo", links(valid_s=3600)).json()["deliveryId"]
    assert adapter.ended(past)["error"]["why"] == "links_expired"
    parked = adapter.ended(short)
    assert (parked["status"], parked["error"]["why"]) == ("parked", "links_expired")
    assert "fresh links" in parked["error"]["remedy"]
    assert {attempt["effect"] for attempt in parked["history"]} == {"not_sent"}
    sas.start()
    assert adapter.ended(long)["status"] == "delivered"
    assert {execution.delivery_id for execution in sas.executions} == {long}
    assert "planted" not in adapter.said()


def test_a_warning_shows_while_the_time_left_is_short(serve, sas):
    sas.stop()
    first = serve()
    waiting = first.post("Echo", links(valid_s=1800)).json()["deliveryId"]
    calm = first.post("Echo", links(valid_s=7 * 86400)).json()["deliveryId"]
    for delivery_id in (waiting, calm):  # killed in an attempt, it would be parked
        eventually(lambda which=delivery_id: first.delivery(which)["status"] == "retrying")
    first.kill()
    second = serve()  # looks as soon as it starts
    line = eventually(lambda: second.find(r"WARNING links_expire_soon .*")).group()
    assert f"delivery={waiting}" in line
    assert "minutes_left=30" in line or "minutes_left=29" in line
    assert f"links_expire_soon delivery={calm}" not in second.said()
    assert "planted" not in second.said()
