"""The checks in their order: what each found, and what cannot be known because of which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapter.core.errors import AdapterError
from adapter.core.redact import without_links
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Outcome, Result, fail, failed, skip

_STOPS = (Outcome.FAIL, Outcome.SKIP)
_MENDABLE = (Outcome.FAIL, Outcome.WARN)


@dataclass(frozen=True)
class Finding:
    """What a check found of one subject.

    Args:
        check: Which.
        subject: Stored process, server, or empty for the home.
        result: What it found.
        mended: What was done about it before.
    """

    check: Check
    subject: str
    result: Result
    mended: str = ""

    @property
    def ending(self) -> int:
        """The exit code that it ends the command with; 0 where it did not fail."""
        if self.result.outcome is not Outcome.FAIL:
            return 0
        return int(self.result.ending or self.check.ending)

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON members."""
        result = self.result
        return {
            "id": self.check.id,
            "title": self.check.title,
            "subject": self.subject,
            "outcome": str(result.outcome),
            "found": result.found,
            "expected": result.expected,
            "nextStep": result.next_step,
            "details": list(result.details),
            "fixed": self.mended,
        }


@dataclass
class Examination:
    """Runs checks, the most basic first.

    Args:
        case: What is examined.
        checks: In the order of their needs.
        begins: Told of each check before it runs.
    """

    case: Case
    checks: Sequence[Check]
    begins: Callable[[Check, str], None] = lambda _check, _subject: None
    _known: dict[tuple[str, str], Outcome] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """What each check found."""
        for check in self.checks:
            for subject in self._subjects(check):
                self.begins(check, subject)
                finding = self._finding(check, subject)
                self._known[check.id, subject] = finding.result.outcome
                yield finding

    def _subjects(self, check: Check) -> Sequence[str]:
        if self._obstacle(check, ""):
            return ("",)
        try:
            return check.subjects(self.case)
        except AdapterError:
            return ("",)  # what raised it is raised again by the check, and told

    def _finding(self, check: Check, subject: str) -> Finding:
        obstacle = self._obstacle(check, subject)
        if obstacle:
            return Finding(check, subject, skip(f"it needs {obstacle}, which is not ok"))
        result = _clean(self._result(check, subject))
        if not (self.case.fix and check.mend and result.outcome in _MENDABLE):
            return Finding(check, subject, result)
        try:
            mended = check.mend(self.case, subject)
        except (AdapterError, OSError) as error:
            return Finding(check, subject, replace(result, details=(*result.details, str(error))))
        return Finding(check, subject, _clean(self._result(check, subject)), mended)

    def _result(self, check: Check, subject: str) -> Result:
        try:
            return check.run(self.case, subject)
        except AdapterError as error:
            return failed(error)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            return fail(f"{place}{error.strerror or error}", "", "mend what the message names")
        except Exception as error:  # noqa: BLE001  a check that breaks must not hide the others
            what = f"the check itself broke: {type(error).__name__}"
            return fail(what, "", "report it with the versions that --json tells")

    def _obstacle(self, check: Check, subject: str) -> str:
        """The check that is not ok and is needed first; empty where there is none."""
        for need in check.needs:
            for above in self.case.above(subject):
                outcome = self._known.get((need, above))
                if outcome is not None:
                    if outcome in _STOPS:
                        return need
                    break
        return ""


def _clean(result: Result) -> Result:
    """The result without links that let somebody in."""
    return replace(
        result,
        found=without_links(result.found),
        next_step=without_links(result.next_step),
        details=tuple(map(without_links, result.details)),
    )


def ending(findings: Iterable[Finding]) -> int:
    """0 where nothing failed, else what the most basic failure means."""
    return next((each.ending for each in findings if each.ending), 0)


def wanted(checks: Sequence[Check], ids: Sequence[str]) -> tuple[Check, ...]:
    """These checks and all that they need, in the order of all; all where none is named."""
    if not ids:
        return tuple(checks)
    needs = {check.id: check.needs for check in checks}
    chosen: set[str] = set()
    left = list(ids)
    while left:
        each = left.pop()
        if each not in chosen:
            chosen.add(each)
            left += needs[each]
    return tuple(check for check in checks if check.id in chosen)
