"""The settings of staged files, of a stored process and of the adapter."""

from __future__ import annotations

from adapter.config.key import Key, Place
from adapter.config.kinds import CLEAN, Choice, Flag, Shape, Whole

_HOST = r"(?:\*\.)?[A-Za-z0-9_.-]+(?::[0-9]{1,5})?"
_CALLER = r"[A-Za-z0-9_.:/-]+"

STAGE_HOSTS = Shape(
    rf"{_HOST}(?:[ ]*,[ ]*{_HOST})*",
    "host names, *.domain for all below a domain, each perhaps with :port, separated by commas",
)
FILES_ALLOW = Shape(
    rf"(?:{_CALLER}(?:[ ]*,[ ]*{_CALLER})*)?",
    "host names, addresses or networks such as 10.1.0.0/16, separated by commas, or nothing",
)
BASE = Shape(
    r"(?:https?://[A-Za-z0-9_.\[\]:-]+)?",
    "an address such as http://adapter.example.com:8100 without path, or nothing",
)
FOLDER_OR_NOTHING = Shape(CLEAN, "the path of a folder as the SAS host sees it, or nothing")

STAGE_KEYS: tuple[Key, ...] = (
    Key(
        "stage",
        Place.ROUTE,
        Flag(),
        "false",
        "Whether the files of a task are fetched before it is sent, so that SAS need not reach the "
        "internet.",
        "stage = true",
    ),
    Key(
        "stage_as",
        Place.ROUTE,
        Choice(("link", "path")),
        "link",
        "What the stored process is given for each file: a short link to the adapter, or its path.",
        "stage_as = path",
    ),
    Key(
        "stage_path_prefix",
        Place.ROUTE,
        FOLDER_OR_NOTHING,
        "",
        "With stage_as = path, how the SAS host sees var/staged; empty gives the adapter's own "
        "path.",
        r"stage_path_prefix = \\adapter\staged",
    ),
    Key(
        "stage_max",
        Place.ROUTE,
        Whole(1, 1_048_576, "megabytes"),
        "10240",
        "Largest file that is fetched.",
        "stage_max = 2048",
    ),
    Key(
        "stage_hosts",
        Place.ROUTE,
        STAGE_HOSTS,
        "*.amazonaws.com",
        "Hosts that files may be fetched from.",
        "stage_hosts = *.amazonaws.com, files.example.com",
    ),
    Key(
        "files_allow",
        Place.ROUTE,
        FILES_ALLOW,
        "",
        "Who may fetch staged files by their short links; empty allows the host of stpurl.",
        "files_allow = sasapp.example.com, 10.1.0.0/16",
    ),
    Key(
        "files_url",
        Place.SERVER,
        BASE,
        "",
        "How the SAS host reaches this adapter, for short links; empty takes host and port.",
        "files_url = http://adapter.example.com:8100",
    ),
    Key(
        "keep_staged",
        Place.SERVER,
        Whole(0, 8760, "hours"),
        "24",
        "How long staged files are kept after their delivery was delivered.",
        "keep_staged = 2",
    ),
)
