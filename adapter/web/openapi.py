"""The application described as OpenAPI 3.1: its own map of addresses, told by the table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from importlib import metadata
from typing import Any

from flask import Flask

from adapter.core.access import Access
from adapter.core.errors import AdapterError
from adapter.core.failures import AttemptCrashed
from adapter.web import answers, endpoints, shapes
from adapter.web.auth import Door
from adapter.web.endpoints import Endpoint, Errors, Parameter, Told
from adapter.web.shapes import Schema, ref

ADDRESS = "/openapi.json"

SCHEMES: dict[str, Schema] = {
    "operatorToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The text of `var/operator.token`, which only the adapter's user can read.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `sasbiws auth add`, or a JSON Web Token where they are taken.",
    },
    "basic": {"type": "http", "scheme": "basic"},
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": Access.api_key_header,
        "description": "The setting `api_key_header` may give the header another name.",
    },
}
"""How a caller may prove who it is; never with what, nor what is configured here."""

_OPTIONAL: tuple[Schema, ...] = ({},)
_KNOWN: tuple[Schema, ...] = ({"bearer": []}, {"basic": []}, {"apiKey": []})
SECURITY: dict[Door, tuple[Schema, ...]] = {
    Door.OPEN: (),
    Door.WEBHOOK: (*_OPTIONAL, *_KNOWN),
    Door.RESULT: (*_OPTIONAL, *_KNOWN),
    Door.LOOK: (*_OPTIONAL, *_KNOWN),
    Door.VERB: ({"operatorToken": []}, *_KNOWN),
}
"""What each door takes; nothing, where nothing is configured and the caller is on this machine."""

_ABOUT = """\
Takes in tasks of SAS Customer Intelligence 360, and tells what became of them. Every refusal has
the shape of `Error`, with a stable code and a remedy. What is no HTTP at all, or has headers that
are too large, is refused before any of this is reached."""

_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
_QUIET_METHODS = frozenset(("HEAD", "OPTIONS"))
_CRASHED = (AttemptCrashed,)
_TIME = "2026-11-24T05:47:15.757+00:00"
_REQUEST_ID = "514ff231b04544d3b05455fc8450edae"
_ALWAYS = {
    "X-Request-ID": "The id of the request, also in the log.",
    "Cache-Control": "`no-store`.",
}


def add_to(app: Flask) -> None:
    """From now on the application describes itself at `ADDRESS`."""

    @cache
    def described() -> Schema:
        return document(app)

    app.add_url_rule(ADDRESS, "openapi", lambda: answers.json_response(described()))


def routes_of(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and address of everything that the application answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - _QUIET_METHODS):
            yield method, address_of(rule.rule)


def address_of(rule: str) -> str:
    """The address of a rule of the application, as OpenAPI writes it."""
    return _VARIABLE.sub(r"{\1}", rule)


def document(app: Flask) -> Schema:
    """The whole description; an endpoint that the table does not know stands there by name."""
    known = {(each.method, each.address): each for each in endpoints.ENDPOINTS}
    paths: Schema = {}
    for method, address in routes_of(app):
        told = known.get((method, address))
        operation = _operation(told) if told else {"responses": {"default": {"description": ""}}}
        paths.setdefault(address, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "sasbiws", "version": _version(), "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": dict(shapes.SCHEMAS), "securitySchemes": SCHEMES},
    }


def errors_of(endpoint: Endpoint) -> dict[int, Errors]:
    """What the endpoint refuses with, by HTTP status."""
    met = (
        *endpoints.AT_THE_DOOR[endpoint.door],
        *endpoints.EVERYWHERE,
        *(endpoints.WITH_BODY if endpoint.body is not None else ()),
        *endpoint.errors,
    )
    found: dict[int, Errors] = {500: _CRASHED}
    for kind in met:
        status = answers.status_of(kind(""))
        found[status] = (*found.get(status, ()), kind)
    if endpoint.waits:
        for kind in endpoints.ENDED_BADLY:
            status = answers.sas_status(kind.code)
            found[status] = (*found.get(status, ()), kind)
    return {status: found[status] for status in sorted(found)}


def meaning(kind: type[AdapterError]) -> str:
    """What the error says, in a sentence."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def _operation(endpoint: Endpoint) -> Schema:
    operation: Schema = {
        "operationId": _name(endpoint),
        "summary": endpoint.summary,
        "parameters": [_parameter(each) for each in (*endpoint.parameters, *endpoints.REQUEST_ID)],
        "responses": {
            **{str(told.status): _good(told) for told in endpoint.answers},
            **{str(status): _bad(status, kinds) for status, kinds in errors_of(endpoint).items()},
        },
    }
    if endpoint.tells:
        operation["description"] = endpoint.tells
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint)
    if ways := SECURITY[endpoint.door]:
        operation["security"] = list(ways)
    return operation


def _name(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", endpoint.address)
    return "-".join((endpoint.method.lower(), *words))


def _parameter(parameter: Parameter) -> Schema:
    told: Schema = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.tells,
        "required": parameter.place == "path",
        "schema": parameter.schema,
    }
    return {**told, "example": parameter.example} if parameter.example else told


def _body(endpoint: Endpoint) -> Schema:
    content = {"schema": endpoint.body, "example": endpoint.sample}
    return {"required": endpoint.body_needed, "content": {endpoints.JSON: content}}


def _good(told: Told) -> Schema:
    answer: Schema = {
        "description": told.tells,
        "headers": _headers({**_ALWAYS, **told.headers}),
    }
    return {**answer, "content": {told.media: {"schema": told.schema}}} if told.media else answer


def _bad(status: int, kinds: Errors) -> Schema:
    listed = "\n".join(f"- `{kind.code}`: {meaning(kind)} {kind.remedy}" for kind in kinds)
    headers = dict(_ALWAYS)
    for kind in kinds:
        headers |= dict.fromkeys(answers.headers_of(kind("")), "Of this answer.")
    codes = {"enum": sorted({kind.code for kind in kinds})}
    narrowed = {"properties": {"error": {"properties": {"code": codes}}}}
    return {
        "description": f"{HTTPStatus(status).phrase}\n\n{listed}",
        "headers": _headers(headers),
        "content": {
            endpoints.JSON: {
                "schema": {"allOf": [ref("Error"), narrowed]},
                "examples": {kind.code: {"value": _example(kind)} for kind in kinds},
            }
        },
    }


def _headers(meanings: dict[str, str]) -> Schema:
    return {
        name: {"description": tells, "schema": {"type": "string"}}
        for name, tells in meanings.items()
    }


def _example(kind: type[AdapterError]) -> dict[str, Any]:
    return {
        "error": {
            "code": kind.code,
            "message": meaning(kind),
            "details": [],
            "requestId": _REQUEST_ID,
            "timestamp": _TIME,
            "remedy": kind.remedy,
        }
    }


def _version() -> str:
    try:
        return metadata.version("sasbiws")
    except metadata.PackageNotFoundError:
        return "0"
