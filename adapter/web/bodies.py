"""JSON Schemas of what a caller sends beside a task, as `/openapi.json` has them."""

from __future__ import annotations

from collections.abc import Mapping

from adapter.web import asked
from adapter.web.shapes import FLAG, NUMBER, STATE, TEXT, Schema, many, object_of, told

MOMENT: Schema = {
    "type": "string",
    "description": "An age such as `30m`, `2h` or `7d`, or an ISO 8601 time.",
}


def one_or_many(item: Schema) -> Schema:
    """One of these, or a list of them."""
    return {"oneOf": [item, many(item)]}


def in_query(schema: Schema) -> Schema:
    """The schema of a query: what may be there several times is a list there."""
    several = schema.get("oneOf", [schema])[-1]
    return {name: value for name, value in several.items() if name != "description"}


FILTERS: Mapping[str, Schema] = {
    "state": told(one_or_many(STATE), "In one of these states."),
    "storedProcess": told(TEXT, "Of this stored process."),
    "code": told(TEXT, "With this error code, or this word for why."),
    "task": told(TEXT, "Of this bulk task or event."),
    "text": told(TEXT, "With this text in id, stored process, key, task or error."),
    "olderThan": told(MOMENT, f"Accepted before. {MOMENT['description']}"),
    "newerThan": told(MOMENT, f"Accepted since then. {MOMENT['description']}"),
    "id": told(one_or_many(TEXT), "One of these deliveries."),
}
"""Which deliveries are meant, in a query and in a body."""

EXPECT = told(NUMBER, "How many you saw that are meant.")
AS_SENT = told(FLAG, "Send the sealed document as it was, instead of one built anew.")


def closed(schema: Schema) -> Schema:
    """The schema of a body where a member of another name is refused."""
    return {**schema, "additionalProperties": False}


MEANT = closed(object_of("expect", {**FILTERS, "expect": EXPECT}))
RETRY_MEANT = closed(object_of("expect", {**FILTERS, "expect": EXPECT, "asSent": AS_SENT}))
RETRY_ONE = closed(object_of("", {"asSent": AS_SENT}))
NOTHING = closed(object_of("", {}))
HOLD_ONE = closed(
    object_of(
        "storedProcess",
        {
            "storedProcess": told({**TEXT, "minLength": 1}, "Its account is held."),
            "message": told(TEXT, "Why, for whoever looks later."),
        },
    )
)
RELEASE_ONE: Schema = {
    "oneOf": [
        closed(object_of("storedProcess", {"storedProcess": {**TEXT, "minLength": 1}})),
        closed(object_of("account", {"account": {**TEXT, "minLength": 1}})),
    ]
}
LIMIT: Schema = {
    "type": "integer", "minimum": 0, "maximum": asked.MAX_LIMIT, "default": asked.DEFAULT_LIMIT,
}  # fmt: skip
OFFSET: Schema = {"type": "integer", "minimum": 0, "maximum": asked.MAX_OFFSET, "default": 0}
