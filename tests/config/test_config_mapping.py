"""The lines of a mapping: their names, their places, and what is wrong with them."""

import pytest

HEAD = (
    "[DEFAULT]\nstpurl = http://sas.example.com/SASBIWS/rest/storedProcesses/x/{{stpName}}\n[A]\n"
)


def mapping(home, text):
    home.service(HEAD + text)
    return home.load().routes.choose("A").mapping


def test_names_keep_their_case_and_comments_are_passed_over(home):
    found = mapping(home, "columns =\n  guId = guid\n  # no\n\n  ; no\n  Two=a == b\nwait = 5\n")
    assert [(each.name, each.expression.text) for each in found.columns] == [
        ("guId", "guid"),
        ("Two", "a == b"),
    ]
    assert not found.rest


@pytest.mark.parametrize(
    ("text", "rest"),
    [("", True), ("columns_rest = all\ncolumns =\n a = b\n", True), ("columns =\n", True)],
)
def test_the_rest_follows_where_nothing_is_named(home, text, rest):
    assert mapping(home, text).rest is rest


def test_a_section_without_a_mapping_has_the_default_one(home):
    assert mapping(home, "").is_default


def test_a_section_takes_the_columns_of_default_as_a_whole(home):
    home.service(HEAD.replace("[A]", "columns =\n  a = b\n  c = d\n[A]\n[B]\ncolumns =\n  e = f"))
    routes = home.load().routes
    assert [each.name for each in routes.choose("A").mapping.columns] == ["a", "c"]
    assert [each.name for each in routes.choose("B").mapping.columns] == ["e"]


def test_a_variable_may_have_several_lines(home):
    home.service(HEAD)
    route = home.load(SASBIWS_PARAMETERS="a = b\n c = d\n").routes.choose("A")
    assert [each.name for each in route.mapping.parameters] == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "line", "where", "reason"),
    [
        ("columns =\n  a = b\n  # c\n  bad = sas_dat(x)\n", 7, "columns bad", "mean sas_date?"),
        ("columns = a = b[\n", 4, "columns a", "ends too early"),
        ("columns =\n  a\n", 5, "columns", "names no expression"),
        ("columns =\n  1a = b\n", 5, "columns 1a", "cannot be a name"),
        ("parameters =\n  a = b\n  A = b\n", 6, "parameters A", "knows this name already"),
        ("sources =\n  instream = b\n", 5, "sources instream", "cannot be a further data source"),
        ("sources =\n  ninechars = b\n", 5, "sources ninechars", "cannot be a further data"),
        ("rows = a..b\n", 4, "rows", "not expected here"),
        ("columns_rest = none\n", 4, "columns_rest", "no column is left"),
        ("columns_rest = some\n", 4, "columns_rest", "not one of the values"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(home, text, line, where, reason):
    home.service(HEAD + text)
    problem = home.problem()
    assert problem.line == line
    assert problem.where.endswith(where)
    assert reason in problem.reason


def test_a_caret_points_at_the_place(home):
    home.service(HEAD + "columns =\n  a = b || upper(c)\n")
    lines = home.problem().found.splitlines()
    assert lines[1].strip() == "b || upper(c)"
    assert lines[1].index("upper") == lines[2].index("^")


def test_a_long_expression_is_cut_around_the_place(home):
    home.service(HEAD + f"columns =\n  a = {'b.' * 300}b || upper(c) || {'d.' * 300}d\n")
    lines = home.problem().found.splitlines()
    assert len(lines[1]) <= 110
    assert lines[1][lines[2].index("^") :].startswith("upper")
