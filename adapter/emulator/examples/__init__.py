"""A bulk task as CI 360 sends it, with the two files that it points to."""

import json
from pathlib import Path

from adapter.emulator.file_server import FileServer

EXAMPLES = Path(__file__).parent
"""The folder with ``metadata.json`` and ``data.csv``, for a ``FileServer``."""


def example_bulk_task(
    files: FileServer,
    stp_name: str = "Download File",
    *,
    occurrence_id: str | None = None,
    task_code: str | None = None,
) -> bytes:
    """Return the JSON of a bulk task whose links lead to files of a file server.

    Args:
        files: a started server of a folder with ``metadata.json`` and ``data.csv``, for example
            of ``EXAMPLES``.
        stp_name: the stored process that ``sendParameters`` names.
        occurrence_id: another identity for the task, default the one of the example.
        task_code: another task code, default the one of the example.
    """
    task = json.loads((EXAMPLES / "bulk-task.json").read_text(encoding="utf-8"))
    task["presignedUrls"] = {
        "metadataFile": files.presigned("metadata.json"),
        "dataFile": files.presigned("data.csv"),
    }
    task["sendParameters"]["stpName"] = stp_name
    task["occurrenceId"] = occurrence_id or task["occurrenceId"]
    task["taskCode"] = task_code or task["taskCode"]
    return json.dumps(task, ensure_ascii=False, indent=2).encode()
