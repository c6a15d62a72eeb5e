"""JSON Schemas of what is answered, as `/openapi.json` has them.

Answers may get further members: a schema names those that there are, and refuses no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.core.delivery import State
from adapter.core.failures import Effect
from adapter.core.route import TransportName

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
STATE: Schema = {"type": "string", "enum": [str(state) for state in State]}
TRANSPORT: Schema = {"type": "string", "enum": ["", *map(str, TransportName)]}
ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}


def ref(name: str) -> Schema:
    """Stands for the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(item: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": item}


def told(schema: Schema, description: str) -> Schema:
    """The schema with what it means."""
    return {**schema, "description": description}


def object_of(required: str, members: Mapping[str, Schema], description: str = "") -> Schema:
    """An object with these members; the `required` ones, told apart by blanks, are always there."""
    schema: Schema = {"type": "object", "properties": dict(members)}
    if required:
        schema["required"] = required.split()
    return told(schema, description) if description else schema


_PROBLEM = object_of(
    "where line reason expected found",
    {
        "where": told(TEXT, "Path of an element or of a payload key."),
        "line": {"type": ["integer", "null"], "minimum": 1, "description": "Line, from 1."},
        "reason": told(TEXT, "One sentence in plain words."),
        "expected": told(TEXT, "What would have been accepted."),
        "found": told(TEXT, "The value met, shortened, without secrets."),
    },
    "One thing that is wrong, and what would be right.",
)

_ERROR = object_of(
    "code message details requestId timestamp",
    {
        "code": told(TEXT, "Stable: the same error has the same code in every version."),
        "message": told(TEXT, "What happened, with the value found."),
        "details": told(many(ref("Problem")), "Every single problem."),
        "requestId": told(TEXT, "Stands in every log line of this request."),
        "timestamp": TIME,
        "remedy": told(TEXT, "What to do about it."),
        "deliveryId": told(ID, "Where the task is kept all the same."),
        "status": told(STATE, "How that delivery stands."),
        "why": told(TEXT, "Why it is not delivered, in one word."),
        "count": told(TEXT, "How many deliveries are meant now."),
    },
)

_FAILURE = object_of(
    "code message remedy",
    {
        "code": TEXT,
        "why": TEXT,
        "message": TEXT,
        "details": many(ref("Problem")),
        "remedy": TEXT,
    },
    "Why a delivery is not delivered.",
)

_ATTEMPT = object_of(
    "number startedAt",
    {
        "number": told(NUMBER, "From 1."),
        "transport": TRANSPORT,
        "startedAt": TIME,
        "endedAt": TIME,
        "effect": {
            "type": "string",
            "enum": [str(effect) for effect in Effect],
            "description": "What SAS may have done.",
        },
        "code": TEXT,
        "message": TEXT,
        "httpStatus": told({"type": "integer"}, "Of SAS's answer."),
        "durationMs": {"type": ["integer", "null"], "description": "null while it runs."},
    },
    "One attempt to call SAS.",
)

_STREAM = object_of(
    "contentType content",
    {
        "contentType": TEXT,
        "content": TEXT,
        "encoding": told(TEXT, "`base64` where the content is not text."),
    },
)

_RESULT = object_of(
    "parameters streams",
    {
        "parameters": {"type": "object", "additionalProperties": TEXT},
        "streams": {"type": "object", "additionalProperties": ref("Stream")},
    },
    "What the stored process gave back.",
)

_BRIEF: Mapping[str, Schema] = {
    "deliveryId": ID,
    "status": STATE,
    "storedProcess": TEXT,
    "transport": TRANSPORT,
    "attempts": NUMBER,
    "acceptedAt": TIME,
    "updatedAt": TIME,
    "dueAt": told(TIME, "When it is tried next."),
    "held": told(FLAG, "True where its account is held."),
    "error": ref("Failure"),
    "taskId": told(TEXT, "The bulk task or event."),
    "linksExpireAt": told(TIME, "When its presigned links end."),
}
_WHOLE: Mapping[str, Schema] = {
    **_BRIEF,
    "history": many(ref("Attempt")),
    "result": ref("Result"),
    "staging": ref("Staging"),
}
_EXPORTED: Mapping[str, Schema] = {
    **_WHOLE,
    "requestId": TEXT,
    "idempotencyKey": TEXT,
    "payload": told(TEXT, "As it came, links masked."),
    "document": {"type": ["string", "null"], "description": "As it was sent, links masked."},
}
_ALWAYS = "deliveryId status storedProcess transport attempts acceptedAt updatedAt held"
_TWICE: Mapping[str, Schema] = {
    "mayRunTwice": told(FLAG, "The stored process may have run before."),
    "warning": TEXT,
}

_STAGED = object_of(
    "part name bytes totalBytes sha256",
    {
        "part": told(TEXT, "Key of its link in the payload."),
        "name": TEXT,
        "bytes": told(NUMBER, "That are here."),
        "totalBytes": {"type": ["integer", "null"], "minimum": 0, "description": "In all."},
        "sha256": told(TEXT, "Of the whole file; empty until it is here."),
    },
)
_STAGING = object_of(
    "done rows files",
    {
        "done": told(FLAG, "True once all is here and checked."),
        "rows": {"type": ["integer", "null"], "minimum": 0, "description": "Of the data file."},
        "files": many(_STAGED),
    },
    "How it stands with the files that are fetched before the task is sent.",
)

_HOLD = object_of(
    "account since message byHand storedProcesses",
    {
        "account": told(TEXT, "The SAS server and user that nothing is sent for."),
        "since": TIME,
        "message": TEXT,
        "byHand": told(FLAG, "False where SAS refused the credentials."),
        "storedProcesses": told(many(TEXT), "What it covers; `*` stands for every one."),
    },
)
_BREAKER = object_of(
    "address failures openUntil",
    {"address": TEXT, "failures": NUMBER, "openUntil": {**TIME, "type": ["string", "null"]}},
    "An address that is left alone, because its server is unwell.",
)
_HOLDS: Mapping[str, Schema] = {
    "holds": many(ref("Hold")),
    "breakers": many(ref("Breaker")),
}

_OUTCOME = object_of("deliveryId done", {"deliveryId": TEXT, "done": FLAG, "error": ref("Failure")})

SCHEMAS: Mapping[str, Schema] = {
    "Task": {
        "type": "object",
        "description": "What a custom task or an event of CI 360 posts: any JSON object.",
        "properties": {
            "sendParameters": {
                "description": "Of a custom task; `stpName` names the stored process.",
                "type": "object",
                "properties": {"stpName": told(TEXT, "Name of the stored process.")},
            },
            "presignedUrls": {"description": "Where the files of a bulk task lie."},
        },
    },
    "Accepted": object_of(
        "deliveryId status location",
        {
            "deliveryId": ID,
            "status": STATE,
            "location": told(TEXT, "Where the delivery tells how it stands."),
            "next": told(TEXT, "What a person must do before it goes on."),
        },
    ),
    "Delivered": object_of(
        "deliveryId status storedProcess transport attempts result",
        {
            **{name: _BRIEF[name] for name in ("deliveryId", "storedProcess")},
            **{name: _BRIEF[name] for name in ("status", "transport", "attempts")},
            "result": ref("Result"),
        },
    ),
    "Staging": _STAGING,
    "Delivery": object_of(f"{_ALWAYS} history", _WHOLE),
    "Summary": object_of(_ALWAYS, _BRIEF, "A delivery in a list."),
    "Exported": object_of(
        f"{_ALWAYS} history requestId idempotencyKey payload document", _EXPORTED
    ),
    "Retried": object_of(f"{_ALWAYS} history mayRunTwice", {**_WHOLE, **_TWICE}),
    "Deliveries": object_of(
        "counts holds breakers linksExpireSoon matching deliveries",
        {
            "counts": told(
                {"type": "object", "additionalProperties": NUMBER}, "Deliveries by state."
            ),
            **_HOLDS,
            "linksExpireSoon": told(many(ID), "Not sent yet, and soon too late."),
            "matching": told(NUMBER, "How many are meant in all."),
            "deliveries": many(ref("Summary")),
        },
    ),
    "Holds": object_of("holds breakers", _HOLDS),
    "Held": object_of("held", {"held": ref("Hold")}),
    "Released": object_of("released", {"released": ref("Hold")}),
    "Results": object_of(
        "meant done refused results",
        {
            "meant": NUMBER,
            "done": NUMBER,
            "refused": NUMBER,
            "mayRunTwice": told(NUMBER, "For how many the stored process may run again."),
            "warning": TEXT,
            "results": many(ref("Outcome")),
        },
    ),
    "Purged": object_of("deleted", {"deleted": NUMBER}),
    "Health": object_of("status", {"status": TEXT}),
    "Outcome": _OUTCOME,
    "Hold": _HOLD,
    "Breaker": _BREAKER,
    "Result": _RESULT,
    "Stream": _STREAM,
    "Attempt": _ATTEMPT,
    "Failure": _FAILURE,
    "Problem": _PROBLEM,
    "ErrorBody": _ERROR,
    "Error": object_of("error", {"error": ref("ErrorBody")}, "What every refusal looks like."),
}
