"""`sasbiws wsdl check`: named rules applied to WSDLs, from wherever they are."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.progress import Progress

from adapter.cli import shell
from adapter.cli.reports import junit, sarif, text
from adapter.cli.reports.report import Checked, Missed, Report
from adapter.cli.reports.shown import shown
from adapter.cli.wsdl_fetching import Unfetched, ends_well
from adapter.cli.wsdl_material import Material, Source
from adapter.cli.wsdl_targets import File, Folder, Pin, Target, expanded, find
from adapter.core.errors import AdapterError
from adapter.core.redact import shortened
from adapter.wsdl.checking import check
from adapter.wsdl.finding import Finding, Rule
from adapter.wsdl.rules.table import BY_ID, RULES


@click.command("check")
@click.argument("targets", metavar="STP|URL|FILE|FOLDER...", nargs=-1)
@click.option("--stp", default="", metavar="NAME", help="Whose WSDL a file or a URL shall be.")
@click.option("--published", is_flag=True, help="Ask SAS even where the WSDL is pinned.")
@click.option(
    "--rule", "wanted", metavar="RULE", multiple=True, help="Apply only this; repeatable."
)
@click.option("--ignore", "unwanted", metavar="RULE", multiple=True, help="Leave out; repeatable.")
@click.option("--strict", is_flag=True, help="Let warnings count as errors do.")
@click.option("--explain", metavar="RULE", help="Tell of one rule, and check nothing.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0 instead of text.")
@click.option("--junit", "as_junit", is_flag=True, help="Print JUnit XML instead of text.")
@shell.home_option
@shell.json_option
@ends_well
def command(  # noqa: PLR0913  one argument per option
    targets: tuple[str, ...],
    home: Path | None,
    *,
    stp: str,
    wanted: tuple[str, ...],
    unwanted: tuple[str, ...],
    explain: str | None,
    published: bool,
    strict: bool,
    as_sarif: bool,
    as_junit: bool,
    as_json: bool,
) -> None:
    """Apply every rule to the WSDLs named: can SAS be called by them, and what is wrong?

    A folder is looked through for *.wsdl. Exit code 0 when there is no error, 1 when there is one
    (an import that cannot be had is one), 2 for usage and files that cannot be read, 3 only when a
    WSDL itself cannot be fetched.
    """
    if explain:
        _explain(_rule(explain), as_json=as_json)
        return
    if as_sarif + as_junit + as_json > 1:
        raise click.UsageError("--json, --sarif and --junit exclude each other")
    if not targets:
        raise click.UsageError("name a stored process, a URL, a file or a folder to check")
    started = time.monotonic()
    chosen = _chosen(wanted, unwanted)
    with Source(home, published=published, stored_process=stp) as source:
        found = [(find(target, home), target) for target in targets]
        outcomes = list(_outcomes(source, found, chosen))
    checked = tuple(each for each in outcomes if isinstance(each, Checked))
    missed = tuple(each for each in outcomes if isinstance(each, Missed))
    report = Report(checked, missed, chosen, strict, time.monotonic() - started)
    _print(report, as_sarif=as_sarif, as_junit=as_junit, as_json=as_json)
    raise SystemExit(report.exit_code)


def _rule(name: str) -> Rule:
    if name in BY_ID:
        return BY_ID[name]
    near = difflib.get_close_matches(name, BY_ID, n=1)
    meant = f"did you mean {near[0]}?" if near else "docs/wsdl.md lists them all"
    raise click.UsageError(f"there is no rule {shortened(name)}; {meant}")


def _chosen(wanted: Iterable[str], unwanted: Iterable[str]) -> tuple[Rule, ...]:
    only, without = set(map(_rule, wanted)), set(map(_rule, unwanted))
    chosen = tuple(rule for rule in RULES if rule not in without and (not only or rule in only))
    if not chosen:
        raise click.UsageError("--ignore leaves no rule to apply")
    return chosen


def _explain(rule: Rule, *, as_json: bool) -> None:
    if as_json:
        shell.print_json(rule.to_json())
        return
    for line in text.explained(rule):
        shell.out.print(line)


def _outcomes(
    source: Source, found: list[tuple[Target, str]], rules: tuple[Rule, ...]
) -> Iterator[Checked | Missed]:
    for target, name in found:
        inside = expanded(target)
        if not isinstance(target, Folder):
            yield _outcome(source, target, name, rules)
            continue
        shell.err.print(f"{text.counted(len(inside), 'WSDL')} in {shown(name)}", markup=False)
        yield from _without_parts(_in_folder(source, inside, rules))


def _in_folder(
    source: Source, inside: list[Target], rules: tuple[Rule, ...]
) -> list[Checked | Missed]:
    done: list[Checked | Missed] = []
    with Progress(console=shell.err, transient=True, disable=not shell.err.is_terminal) as bar:
        task = bar.add_task("checking", total=len(inside))
        for target in inside:
            done.append(_outcome(source, target, _name(target), rules))
            bar.advance(task)
    return done


def _name(target: Target) -> str:
    match target:
        case File(path, _) | Pin(path):
            return path.as_posix()
        case _:
            return ""


def _without_parts(outcomes: list[Checked | Missed]) -> Iterator[Checked | Missed]:
    """The outcomes without those of files that another WSDL of the folder imports.

    Of two that import each other, the first stays.
    """
    checked = [each for each in outcomes if isinstance(each, Checked)]
    parts_of: dict[str, set[str]] = {}
    for one in checked:
        for address in one.files:
            parts_of.setdefault(address, set()).add(one.main)
    seen: set[str] = set()
    for each in outcomes:
        if isinstance(each, Missed):
            yield each
            continue
        users = parts_of[each.main] - {each.main}
        if all(main in each.files and main not in seen for main in users):
            yield each
        seen.add(each.main)


def _outcome(
    source: Source, target: Target, name: str, rules: tuple[Rule, ...]
) -> Checked | Missed:
    try:
        return _checked(source.material(target, name), rules)
    except Unfetched as failure:
        return _missed(name, failure.error, shell.UNREACHABLE)
    except AdapterError as error:
        return _missed(name, error, shell.exit_code(error))
    except OSError as error:
        message = f"cannot read {shown(error.filename or name)}: {error.strerror}"
        remedy = "Name a file that can be read."
        return Missed(name, "WSDL_FILE_UNREADABLE", message, remedy, shell.USAGE)
    except Exception as error:  # noqa: BLE001  a defect of a rule must not end the whole run
        message = f"the rules broke on {shown(name)}: {type(error).__name__}"
        remedy = "This is a defect of sasbiws: report it with the WSDL; meanwhile leave it out."
        return Missed(name, "WSDL_CHECK_CRASHED", message, remedy, shell.BAD)


def _missed(name: str, error: AdapterError, exit_code: int) -> Missed:
    return Missed(name, error.code, error.message, error.remedy, exit_code)


def _checked(material: Material, rules: tuple[Rule, ...]) -> Checked:
    began = time.monotonic()
    findings, use = _findings(material, rules), material.use
    return Checked(
        target=material.target,
        origin=material.origin,
        main=material.main,
        files=material.files,
        own=use.own,
        paths=material.paths,
        findings=findings,
        seconds=time.monotonic() - began,
    )


def _findings(material: Material, rules: tuple[Rule, ...]) -> tuple[Finding, ...]:
    return check(
        material.files,
        material.main,
        unreachable=material.unreachable,
        use=material.use,
        rules=rules,
    )


def _print(report: Report, *, as_sarif: bool, as_junit: bool, as_json: bool) -> None:
    if as_json:
        shell.print_json(report.to_json())
    elif as_sarif:
        shell.print_json(sarif.to_json(report))
    elif as_junit:
        click.echo(junit.to_bytes(report), nl=False)
    else:
        for line in text.lines(report):
            shell.out.print(line)
