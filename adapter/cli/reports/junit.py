"""The report as JUnit XML: a suite for each WSDL, a case for each rule."""

from __future__ import annotations

from collections import defaultdict

from adapter.cli.reports.report import Checked, Missed, Report
from adapter.cli.reports.shown import shown
from adapter.core import xml
from adapter.wsdl.finding import Finding, Rule

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def to_bytes(report: Report) -> bytes:
    """The report as one document; a rule that is broken by errors is a failure."""
    root = xml.new("testsuites")
    failures = sum(_suite(root, report, one) for one in report.checked)
    for each in report.missed:
        _missed(root, each)
    _count(root, len(report.checked) * len(report.rules) + len(report.missed), failures)
    root.set("errors", str(len(report.missed)))
    root.set("name", "sasbiws wsdl check")
    root.set("time", f"{report.seconds:.3f}")
    return DECLARATION + xml.to_bytes(root) + b"\n"


def _suite(root: xml.Element, report: Report, one: Checked) -> int:
    """How many rules failed in one WSDL, once its suite is written."""
    suite = xml.below(root, "testsuite")
    suite.set("name", shown(one.target))
    by_rule = defaultdict(list)
    for finding in one.findings:
        by_rule[finding.rule.id].append(finding)
    failed = sum(_case(suite, report, one, rule, by_rule[rule.id]) for rule in report.rules)
    _count(suite, len(report.rules), failed)
    suite.set("errors", "0")
    suite.set("time", f"{one.seconds:.3f}")
    return failed


def _case(
    suite: xml.Element, report: Report, one: Checked, rule: Rule, findings: list[Finding]
) -> bool:
    """Whether the rule failed, once its case is written."""
    case = xml.below(suite, "testcase")
    case.set("classname", shown(one.target))
    case.set("name", rule.id)
    failed = any(map(report.counts, findings))
    if findings:
        told = xml.below(case, "failure" if failed else "system-out")
        told.text = "\n".join(_line(one, each) for each in findings) + f"\nremedy: {rule.remedy}"
        if failed:
            told.set("type", rule.level.value)
            told.set("message", f"{rule.title} ({len(findings)})")
    return failed


def _line(one: Checked, finding: Finding) -> str:
    place = f"{one.place(finding.file)}:{finding.line}:{finding.column}"
    return f"{place}: {finding.level}: found {finding.found}; expected {finding.expected}"


def _missed(root: xml.Element, each: Missed) -> None:
    suite = xml.below(root, "testsuite")
    suite.set("name", shown(each.target))
    _count(suite, 1, 0)
    suite.set("errors", "1")
    case = xml.below(suite, "testcase")
    case.set("classname", shown(each.target))
    case.set("name", "fetch")
    error = xml.below(case, "error")
    error.set("type", each.code)
    error.set("message", shown(each.message))
    error.text = f"remedy: {each.remedy}"


def _count(element: xml.Element, tests: int, failures: int) -> None:
    element.set("tests", str(tests))
    element.set("failures", str(failures))
