"""A task whose files are staged, the route it takes, and a host that its files lie on."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

METADATA = json.dumps([{"columnName": name, "dataType": "CHARACTER"} for name in "ab"]).encode()
ROUTE = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
stage = true
stage_hosts = 127.0.0.1
"""


def bulk_task(metadata, data, task_id, occurrence_id):
    """The payload of a bulk task with these links."""
    return {
        "taskId": task_id, "taskVersionId": "V", "occurrenceId": occurrence_id,
        "outboundEventName": "BulkSend", "externalTenantId": "tenant", "tenantMoniker": "acme",
        "responseTrackingCode": "c", "taskCode": "TSK_101", "taskName": "Mailing",
        "presignedUrls": {"metadataFile": metadata, "dataFile": data},
        "sendParameters": {"stpName": "Download File"},
    }  # fmt: skip


def serving(answer):
    """A server that has every GET answered so, and its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"
