"""Intake alone, workers alone, and what either does beside."""

import re
import time

from adapter_process import SERVE, eventually

WORK = ("-m", "adapter", "work", "--home")
DELIVERING = r"delivering the tasks of (\S+)()"


def test_one_process_takes_in_and_another_delivers(start, home, runs):
    intake = start(*SERVE, home, "--no-work")
    delivery_id = intake.post("Echo").json()["deliveryId"]
    assert "sasbiws work does" in intake.said()
    assert intake.delivery(delivery_id)["status"] == "queued"
    worker = start(*WORK, home, address=DELIVERING)
    assert intake.ended(delivery_id)["status"] == "delivered"
    assert runs(delivery_id) == 1
    assert (worker.stop(), intake.stop()) == (0, 0)
    assert re.search(r"stop attempts_ended=True", worker.said())


def test_a_worker_process_warns_of_links_that_soon_expire(start, home, sas):
    sas.stop()
    signed = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    link = (
        f"https://files.example.com/f.csv?X-Amz-Date={signed}&X-Amz-Expires=900&X-Amz-Signature=x1"
    )
    intake = start(*SERVE, home, "--no-work")
    delivery_id = intake.post("Echo", {"dataFile": link}).json()["deliveryId"]
    worker = start(*WORK, home, address=DELIVERING)
    told = rf"links_expire_soon delivery={delivery_id} stp=Echo state=\w+ minutes_left=15"
    eventually(lambda: re.search(told, worker.said()))
    assert "x1" not in worker.said()
