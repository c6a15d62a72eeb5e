"""The table of every setting: what is read, checked, suggested and documented comes from here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from adapter.config import kinds
from adapter.config.address import EXAMPLE, Address
from adapter.config.key import Key, Place
from adapter.config.kinds import Choice, Flag, Seconds, Whole

KEYS: tuple[Key, ...] = (
    Key(
        "stpurl",
        Place.ROUTE,
        Address(),
        "",
        "Address of the stored process; {{stpName}} stands for the name that CI 360 sends.",
        f"stpurl = {EXAMPLE}",
    ),
    Key(
        "transport",
        Place.ROUTE,
        Choice(("auto", "soap", "rest")),
        "auto",
        "How SAS is called; auto takes SOAP for /SASBIWS/services/ and REST for /SASBIWS/rest/.",
        "transport = soap",
    ),
    Key(
        "schema",
        Place.ROUTE,
        kinds.FILE_NAME,
        "instream.xsd",
        "File in schemas/ that the document must satisfy before it is sent.",
        "schema = DownloadFile.xsd",
    ),
    Key(
        "wait",
        Place.ROUTE,
        Seconds(0, 55),
        "0",
        "How long a caller waits for the result before the answer is 202; 0 answers at once.",
        "wait = 25",
    ),
    Key(
        "timeout",
        Place.ROUTE,
        Seconds(1, 86400),
        "600",
        "How long the stored process may take until its answer is complete.",
        "timeout = 1800",
    ),
    Key(
        "connect_timeout",
        Place.ROUTE,
        Seconds(0, 300, above=True),
        "10",
        "How long connecting may take, and the TLS handshake after it.",
        "connect_timeout = 5",
    ),
    Key(
        "idempotent",
        Place.ROUTE,
        Flag(),
        "false",
        "Whether running the stored process twice does no harm, so that a call of unknown outcome "
        "may be repeated.",
        "idempotent = true",
    ),
    Key(
        "max_attempts",
        Place.ROUTE,
        Whole(1, 1000, "attempts"),
        "50",
        "Attempts in all before a delivery is parked for a person to decide.",
        "max_attempts = 20",
    ),
    Key(
        "retry_first",
        Place.ROUTE,
        Seconds(0, 86400, above=True),
        "2",
        "Longest wait before the first retry; it doubles with every further one.",
        "retry_first = 5",
    ),
    Key(
        "retry_max",
        Place.ROUTE,
        Seconds(0, 86400, above=True),
        "300",
        "Longest wait between two attempts; not less than retry_first.",
        "retry_max = 900",
    ),
    Key(
        "max_line",
        Place.ROUTE,
        Whole(80, 32767, "bytes"),
        "3000",
        "Longest line that the stored process reads: the LRECL of its infile statement.",
        "max_line = 32767",
    ),
    Key(
        "concurrency",
        Place.ROUTE,
        Whole(1, 100, "calls"),
        "3",
        "Calls of this stored process that may run at a time.",
        "concurrency = 1",
    ),
    Key(
        "target",
        Place.ROUTE,
        kinds.SAS_NAME,
        "",
        "Data target that REST asks for raw; empty asks for the whole result.",
        "target = outstream",
    ),
    Key(
        "ca_file",
        Place.ROUTE,
        kinds.FILE_PATH,
        "",
        "PEM file of the certificate authorities to trust instead of the built-in list.",
        r"ca_file = conf\company-ca.pem",
    ),
    Key(
        "proglog",
        Place.LOG,
        Flag(),
        "true",
        "Whether a log file is written.",
        "proglog = true",
    ),
    Key(
        "loglevel",
        Place.LOG,
        Choice(("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
        "INFO",
        "Least severity that is logged.",
        "loglevel = INFO",
    ),
    Key(
        "logfilepath",
        Place.LOG,
        kinds.FOLDER,
        ".\\logs\\",
        "Folder of the log files; a relative path starts at the home.",
        "logfilepath = .\\logs\\",
    ),
    Key(
        "threads",
        Place.SERVER,
        Whole(2, 180, "threads"),
        "100",
        "Requests that are answered at a time; at most half of them wait for a result.",
        "threads = 60",
    ),
    Key(
        "workers",
        Place.SERVER,
        Whole(1, 256, "threads"),
        "6",
        "Deliveries that are worked on at a time, over all stored processes.",
        "workers = 12",
    ),
    Key(
        "keep_rejected",
        Place.SERVER,
        Whole(0, 1_000_000, "deliveries"),
        "1000",
        "Rejected deliveries that are kept; the oldest beyond it are dropped.",
        "keep_rejected = 5000",
    ),
    Key(
        "max_body",
        Place.SERVER,
        Whole(1024, 104_857_600, "bytes"),
        "1048576",
        "Largest body of a request.",
        "max_body = 2097152",
    ),
    Key(
        "stpusername",
        Place.CREDENTIALS,
        kinds.LINE,
        "",
        "User that SAS is called as; empty, with an empty password, calls without credentials.",
        "stpusername = sasdemo",
    ),
    Key(
        "stppassword",
        Place.CREDENTIALS,
        kinds.LINE,
        "",
        "The user's password in clear text; a SAS-encoded one cannot be used.",
        "stppassword = (the password)",
        secret=True,
    ),
    Key(
        "stppassword_file",
        Place.CREDENTIALS,
        kinds.FILE_PATH,
        "",
        "File whose first line is the password, in place of stppassword.",
        r"stppassword_file = C:\secrets\sas.txt",
        secret=True,
    ),
    Key(
        "host",
        Place.LISTEN,
        kinds.HOST,
        "127.0.0.10",
        "Address to listen on.",
        "host = '127.0.0.10'",
    ),
    Key(
        "port",
        Place.LISTEN,
        Whole(0, 65535),
        "8100",
        "Port to listen on; 0 takes any free one.",
        "port = 8100",
    ),
    Key(
        "debug",
        Place.LISTEN,
        Flag(blank=True),
        "false",
        "Whether everything is logged, as loglevel = DEBUG does.",
        "debug = 'False'",
    ),
)

BY_NAME = {key.name: key for key in KEYS}
BY_VARIABLE = {key.variable: key for key in KEYS}


def names(*places: Place) -> tuple[str, ...]:
    """The keys that may stand in one of these places, in the order of the table."""
    return tuple(key.name for key in KEYS if key.place in places)


def closest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, or an empty text."""
    return next(iter(difflib.get_close_matches(name, tuple(candidates), 1)), "")
