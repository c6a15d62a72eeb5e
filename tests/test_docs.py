"""The documentation tells what is there: no more, no less, and nothing that is stale."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import click
import pytest

import adapter
from adapter import wiring
from adapter.cli import schema, shell, wsdl
from adapter.cli.main import COMMANDS, main
from adapter.config import KEYS, load
from adapter.core.columns import default_columns
from adapter.core.document import MAX_COLUMNS, table_of
from adapter.core.payload import MAX_DEPTH, MAX_KEYS, Payload
from adapter.emulator import Switches
from adapter.face import Home
from adapter.sas.session import MAX_ANSWER_BYTES
from adapter.web.waiting import MAX_WAIT_S
from adapter.wsdl.rules.table import BY_ID

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FOLDER_PAGES = [ROOT / "sas/README.md", *(ROOT / "wsdl_cache").glob("*.md")]
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *FOLDER_PAGES])
DECISIONS = DOCS / "decisions"

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    return FENCE.sub("", text)


def blocks(page: str, language: str) -> list[str]:
    return [body for _, found, body in FENCE.findall(text_of(page)) if found == language]


def anchors(page: Path) -> set[str]:
    """The anchors that a code host gives the headings of a page."""
    headings = HEADING.findall(without_code(page.read_text(encoding="utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_fresh(generate):
    stale = [name_of(page) for page, _ in generate.stale()]
    assert not stale, f"stale: {', '.join(stale)}; run: {generate.COMMAND}"


# What there is, and where it must be told.


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name):
    assert f"\n## sasbiws {name}\n" in text_of("docs/commands.md")
    assert f"`sasbiws {name}" in text_of("README.md")


@pytest.mark.parametrize("name", wsdl.COMMANDS)
def test_every_command_for_wsdls_is_documented(name):
    assert f"\n### sasbiws wsdl {name}\n" in text_of("docs/commands.md")
    assert f"`{name}`" in text_of("README.md") or f"`sasbiws wsdl {name}" in text_of("README.md")


@pytest.mark.parametrize("name", schema.COMMANDS)
def test_every_command_for_schemas_is_documented(name):
    assert f"\n### sasbiws schema {name}\n" in text_of("docs/commands.md")
    assert f"`{name}`" in text_of("README.md") or f"`sasbiws schema {name}" in text_of("README.md")


def test_every_rule_for_wsdls_is_documented():
    told = text_of("docs/wsdl.md")
    assert not [rule for rule in BY_ID if f"\n### {rule}\n" not in told]


@pytest.mark.parametrize(
    "name",
    [
        "",
        *COMMANDS,
        *(f"wsdl {name}" for name in wsdl.COMMANDS),
        *(f"schema {name}" for name in schema.COMMANDS),
    ],
)
def test_every_option_is_documented(name):
    command = main
    for word in name.split():
        command = command.get_command(click.Context(command), word)
    told = text_of("docs/commands.md")
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert not [opt for option in options for opt in option.opts if opt not in told]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_setting_is_documented(key):
    told = text_of("docs/configuration.md")
    assert f"| `{key.name}`<br>`{key.variable}` |" in told


def test_every_error_is_documented(generate):
    told = text_of("docs/errors.md")
    codes = {kind.code for kind in generate.leaves()}
    assert not [code for code in codes if f"\n#### {code}\n" not in told]


def test_every_error_has_a_remedy(generate):
    assert not [kind.code for kind in generate.leaves() if not kind.remedy]


def test_every_endpoint_is_documented(tmp_path):
    told = text_of("docs/api.md")
    assert not [rule for rule in endpoints(tmp_path) if not re.search(rule, told)]


def test_every_error_that_can_be_an_answer_stands_at_an_endpoint(generate):
    told = text_of("docs/api.md")
    kinds = [kind for kind in generate.leaves() if not issubclass(kind, generate.NOT_BY_HTTP)]
    assert not [kind.code for kind in kinds if f"[{kind.code}](errors.md#" not in told]


def endpoints(home: Path) -> list[str]:
    """A pattern for each rule of the application: its method, its path, any name for a variable."""
    (home / "conf").mkdir()
    (home / "schemas").mkdir()
    (home / "schemas/instream.xsd").write_bytes((ROOT / "schemas/instream.xsd").read_bytes())
    stpurl = "stpurl = http://sas.example.com/SASBIWS/rest/storedProcesses/{{stpName}}"
    (home / "conf/serviceConfig.ini").write_text(f"[DEFAULT]\n{stpurl}\n", encoding="utf-8")
    parts = wiring.adapter(wiring.calling(load(home, {})))
    try:
        rules = list(parts.web.app().url_map.iter_rules())
    finally:
        parts.close()
    assert rules
    return [
        f"\n### {method} {re.sub('<[^>]+>', '{[^}]+}', rule.rule)}\n"
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    ]


@pytest.mark.parametrize("name", adapter.__all__)
def test_every_public_name_is_documented(name):
    assert re.search(rf"\b{name}\b", text_of("docs/python.md"))


@pytest.mark.parametrize("name", [name for name in vars(Home) if not name.startswith("_")])
def test_every_method_of_a_home_is_documented(name):
    assert f"`{name}(" in text_of("docs/python.md") or f"`sas.{name}(" in text_of("docs/python.md")


@pytest.mark.parametrize("name", Switches().as_json())
def test_every_switch_is_documented(name):
    assert f"| `{name}` |" in text_of("docs/emulator.md")


def test_the_table_of_files_is_the_tree():
    told = set(re.findall(r"`(adapter/[\w/]+\.py)`", text_of("docs/architecture.md")))
    files = {name_of(file) for file in (ROOT / "adapter").rglob("*.py")}
    assert told == {file for file in files if not file.startswith("adapter/emulator/")}


def test_every_dependency_is_argued():
    told = text_of("docs/dependencies.md")
    named = re.findall(r'^ *"([A-Za-z0-9_.\[\]-]+)[>=<]', text_of("pyproject.toml"), re.MULTILINE)
    assert len(named) > 12
    assert not [name for name in named if f"| {name} |" not in told]


# What is told, and whether it is so.


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("docs/commands.md", f"and {shell.INTERRUPTED} when Ctrl-C ended it early"),
        ("docs/api.md", f"(at most {MAX_WAIT_S:g})"),
        ("docs/mapping.md", f"| nesting | {MAX_DEPTH} levels |"),
        ("docs/mapping.md", f"| keys | {MAX_KEYS} in all |"),
        ("docs/mapping.md", f"| columns | {MAX_COLUMNS} |"),
        ("SECURITY.md", f"answers ({MAX_ANSWER_BYTES // 1024**2} MB)"),
        ("docs/wsdl.md", f"1 error: 1 WSDL (1 file), {len(BY_ID)} rules, 0.05 s"),
        ("docs/emulator.md", f"of more than {Switches().lrecl} bytes is cut"),
    ],
)
def test_numbers_are_those_of_the_code(page, told):
    assert told in " ".join(text_of(page).split())


def example_pairs() -> list[tuple[str, str]]:
    found = FENCE.findall(text_of("docs/mapping.md"))
    return [(found[at][2], found[at + 1][2]) for at in range(0, len(found), 2)]


@pytest.mark.parametrize(("payload", "row"), example_pairs())
def test_the_examples_of_the_mapping_are_true(payload, row):
    columns = default_columns(Payload.parse(payload.encode()))
    assert not columns.problems
    assert table_of(tuple(columns)).decode() == f"<Table>\n<InData>\n{row}</InData>\n</Table>"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_json_blocks_are_json(page):
    for _, language, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "json":
            json.loads(body)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    lost = [
        link
        for link in LINK.findall(without_code(page.read_text(encoding="utf-8")))
        if not re.match(r"[a-z]+:", link) and not leads_somewhere(page, link)
    ]
    assert not lost


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_decisions_are_numbered_and_listed():
    pages = sorted(page.name for page in DECISIONS.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    listed = re.findall(
        r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+?) \|", text_of("docs/decisions/README.md"), re.MULTILINE
    )
    assert [name for _, name, _ in listed] == pages
    assert [f"{number}{title}" for number, _, title in listed] == [heading_of(n) for n in pages]


def heading_of(decision: str) -> str:
    """Number and title of a decision, however its heading joins them."""
    heading = (DECISIONS / decision).read_text(encoding="utf-8").partition("\n")[0]
    number, title = re.fullmatch(r"# (\d+)[.:] (.+)", heading).groups()
    return f"{int(number):04}{title}"


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("[0-9]*.md")), ids=name_of)
def test_a_decision_has_its_parts(page):
    headings = set(HEADING.findall(without_code(page.read_text(encoding="utf-8"))))
    assert {"Status", "Context", "Decision", "Consequences", "Rejected"} <= headings


def test_pictures_are_there():
    assert len(blocks("README.md", "mermaid")) == 1
    assert len(blocks("docs/architecture.md", "mermaid")) == 1


def commands_of_the_first_screen() -> tuple[list[str], list[str]]:
    screen = text_of("README.md").partition("\n## ")[0]
    found = [(language, body.strip()) for _, language, body in FENCE.findall(screen)]
    return tuple([body for each, body in found if each == shell] for shell in ("sh", "powershell"))


def test_the_first_screen_has_two_commands_of_one_line_for_each_shell():
    posix, windows = commands_of_the_first_screen()
    assert len(posix) == len(windows) == 2
    for line, twin in zip(posix, windows, strict=True):
        assert "\n" not in line + twin
        assert twin == twin_of(line)


def twin_of(line: str) -> str:
    """The same in PowerShell."""
    return (
        line.replace("python3 -m venv", "py -m venv")
        .replace(" && ", "; ")
        .replace(".venv/bin/", ".venv\\Scripts\\")
    )


def test_the_checks_run_the_readme_s_test_command():
    posix, _ = commands_of_the_first_screen()
    assert posix[1].endswith("-m pytest")
    assert posix[1] in text_of(".ci/run").splitlines()


def test_the_contributing_page_names_the_checks():
    told = text_of("CONTRIBUTING.md")
    checks = re.findall(r"^\.venv/bin/(.+)$", text_of(".ci/run"), re.MULTILINE)
    assert checks
    assert not [check for check in checks if check not in told]


# What may not stand in a page: how and where the project is developed.

FORBIDDEN = re.compile(
    r"(?<![\w.])/(?:work|tmp|home|root|Users)/|pypi|npmjs|crates\.io|\b(?:TODO|FIXME|TBD)\b",
    re.IGNORECASE,
)
"""Paths of one machine, hosts of package registries, and what is left to do."""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_speaks_of_the_project_alone(page):
    assert not FORBIDDEN.findall(page.read_text(encoding="utf-8"))
