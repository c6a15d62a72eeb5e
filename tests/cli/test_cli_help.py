"""What the command line says of itself."""

import importlib.metadata

import pytest

from adapter.cli import schema, wsdl
from adapter.cli.main import COMMANDS


def test_help_lists_every_command_and_the_exit_codes(run):
    ended = run("--help")
    assert ended.exit_code == 0
    listed = ended.out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert "2 wrong usage or" in ended.out
    assert run("-h").out == ended.out


EVERY = [
    *COMMANDS,
    *(f"wsdl {name}" for name in wsdl.COMMANDS),
    *(f"schema {name}" for name in schema.COMMANDS),
]


@pytest.mark.parametrize("command", EVERY)
def test_every_command_has_help_with_a_sentence_and_its_options(run, command):
    ended = run(*command.split(), "--help")
    assert ended.exit_code == 0
    assert ended.out.startswith(f"Usage: sasbiws {command} [OPTIONS]")
    assert ended.out.splitlines()[2].startswith("  ")
    assert "--help" in ended.out


WSDL = [f"wsdl {name}" for name in wsdl.COMMANDS]
SCHEMA = [f"schema {name}" for name in schema.COMMANDS if name != "infer"]
HOMES = [
    "serve",
    "work",
    "doctor",
    "call",
    "map",
    "validate",
    *WSDL,
    "schema infer",
    "schema check",
]
JSON = ["init", "doctor", "call", "map", "validate", *WSDL, *SCHEMA]


def test_commands_that_work_in_a_home_take_one_and_those_with_a_result_have_json(run):
    for command in EVERY:
        told = run(*command.split(), "--help").out
        assert ("--home" in told) == (command in HOMES)
        assert ("--json" in told) == (command in JSON)


def test_every_verb_on_deliveries_takes_a_home_and_has_json(run):
    listed = run("deliveries", "--help").out.partition("Commands:\n")[2].splitlines()
    verbs = [line.split()[0] for line in listed if line.startswith("  ") and line[2] != " "]
    assert len(verbs) == 9
    for verb in verbs:
        told = run("deliveries", verb, "--help").out
        assert ("--home" in told, "--json" in told) == (True, True)


def test_the_version_is_that_of_the_package(run):
    ended = run("--version")
    assert ended.exit_code == 0
    assert ended.out == f"sasbiws, version {importlib.metadata.version('sasbiws')}\n"


@pytest.mark.parametrize(
    "arguments", [(), ("nosuch",), ("--nosuch",), ("call",), ("init",), ("emulator", "--port", "x")]
)
def test_wrong_usage_ends_with_two_and_says_how(run, arguments):
    ended = run(*arguments)
    assert ended.exit_code == 2
    assert ended.err.startswith("Usage: ")
