"""A home to break, and the doctor who looks at it."""

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from adapter.doctor.case import Case
from adapter.doctor.examination import Examination, ending, wanted
from adapter.doctor.table import CHECKS
from adapter.emulator import Emulator

PASSWORD = "planted-Secret-of-sasdemo"
CREDENTIALS = f"[DEFAULT]\nstpusername = sasdemo\nstppassword = {PASSWORD}\n"

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
connect_timeout = 2
[DownloadFile]
stpurl = {sas}/SASBIWS/services/DownloadFile
schema = DownloadFile.xsd
[Echo]
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def eventually(true, timeout_s=10.0):
    """What `true` gives, once that is true of it; fails after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.02)
    return value


@dataclass
class Patient:
    """A home to break, and the doctor who looks at it."""

    home: Path
    emulator: Emulator
    port: int
    environ: dict = field(default_factory=dict)

    def configure(self, service_config=SERVICE_CONFIG, credentials=CREDENTIALS, sas=""):
        text = service_config.replace("{sas}", sas or self.emulator.url)
        (self.home / "conf/serviceConfig.ini").write_text(text, encoding="utf-8")
        (self.home / "conf/credentials.ini").write_text(credentials, encoding="utf-8")

    def listen_on(self, host, port):
        text = f"host = '{host}'\nport = {port}\n"
        (self.home / "conf/serviceConfig.py").write_text(text, encoding="utf-8")

    def seen(self, *only, **facts):
        """Every finding of these checks and of what they need, and the exit code."""
        case = Case(self.home, self.environ, **facts)
        try:
            found = list(Examination(case, wanted(CHECKS, only)).findings())
        finally:
            case.close()
        assert not [each for each in found if "the check itself broke" in each.result.found]
        return found, ending(found)

    def one(self, check, subject=None, **facts):
        """The one finding of this check, and the exit code."""
        found, code = self.seen(check, **facts)
        (mine,) = [e for e in found if e.check.id == check and subject in (None, e.subject)]
        return mine, code
