"""The report as SARIF 2.1.0, which code hosts and editors show beside the lines.

Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any
from urllib.parse import quote

from adapter.cli.reports.report import Checked, Missed, Report
from adapter.wsdl.finding import Finding, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"

_SPECIFICATIONS = (
    ("WS-I BP 1.1 ", "http://www.ws-i.org/Profiles/BasicProfile-1.1.html#{}"),
    ("WSDL 1.1", "https://www.w3.org/TR/2001/NOTE-wsdl-20010315"),
    ("SOAP 1.1", "https://www.w3.org/TR/2000/NOTE-SOAP-20000508/"),
    ("Namespaces in XML", "https://www.w3.org/TR/xml-names/"),
    ("XML Schema Part 1", "https://www.w3.org/TR/xmlschema-1/"),
    ("XML 1.0", "https://www.w3.org/TR/xml/"),
    ("SAS 9.4", "https://support.sas.com/documentation/cdl/en/wbsvcdg/64883/HTML/default/"),
)
"""Where a source of a rule can be read, the most telling one first."""


def to_json(report: Report) -> dict[str, Any]:
    """The report as one SARIF run."""
    order = {rule.id: number for number, rule in enumerate(report.rules)}
    run = {
        "tool": {"driver": _driver(report)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [
            _result(one, finding, order[finding.rule.id])
            for one in report.checked
            for finding in one.findings
        ],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _driver(report: Report) -> dict[str, Any]:
    return {
        "name": "sasbiws wsdl check",
        "version": metadata.version("sasbiws"),
        "rules": [_rule(rule) for rule in report.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    helped = f"{rule.why}. Remedy: {rule.remedy}. Source: {rule.source}."
    told: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": f"Expected: {rule.expected}. Why it matters: {rule.why}."},
        "help": {"text": helped},
        "defaultConfiguration": {"level": rule.level.value},
        "properties": {"tolerance": rule.tolerance.value, "source": rule.source},
    }
    read_at = help_uri(rule.source)
    return {**told, "helpUri": read_at} if read_at else told


def help_uri(source: str) -> str:
    """Where the first specification of a rule's source can be read; empty where it is our own."""
    for name, address in _SPECIFICATIONS:
        if name in source:
            assertion = source.partition(name)[2].partition(",")[0].partition(";")[0]
            return address.format(assertion.strip())
    return ""


def _result(one: Checked, finding: Finding, number: int) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": finding.line, "startColumn": finding.column}
    if finding.text:
        region["snippet"] = {"text": finding.text}
    place = {"artifactLocation": {"uri": _uri(one.place(finding.file))}, "region": region}
    title = finding.rule.title
    message = f"{title}: found {finding.found}; expected {finding.expected}."
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": number,
        "level": finding.level.value,
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
    }


def _uri(place: str) -> str:
    return place if "://" in place else quote(place, errors="replace")


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": not report.missed,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [_notification(each) for each in report.missed],
    }


def _notification(each: Missed) -> dict[str, Any]:
    return {
        "level": "error",
        "descriptor": {"id": each.code},
        "message": {"text": f"{each.message}. Remedy: {each.remedy}"},
    }
