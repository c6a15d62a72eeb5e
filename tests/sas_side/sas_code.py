"""SAS code as far as it can be read without SAS: comments, literals, words."""

import re

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
LITERAL = re.compile(r"'(?:[^'\n]|'')*'|\"(?:[^\"\n]|\"\")*\"")


def without_comments(code):
    return COMMENT.sub(lambda found: "\n" * found.group().count("\n"), code)


def without_literals(code):
    return LITERAL.sub("' '", without_comments(code))


def macros(code):
    """Name to body of each macro; a body ends at the %mend of its name."""
    found = re.findall(
        r"^%macro (\w+)(?:\([^)]*\))?;$(.*?)^%mend \1;$",
        without_comments(code),
        re.DOTALL | re.MULTILINE,
    )
    return dict(found)


def assigned(code):
    return {name.lower() for name in re.findall(r"%let\s+(\w+)\s*=", without_comments(code))}


def declared(code):
    """Names in %global and %local statements, and macro parameters."""
    lists = re.findall(r"%(?:global|local)\s+([\w\s]+);", without_comments(code))
    parameters = re.findall(r"%macro \w+\(([^)]*)\);", without_comments(code))
    return {name.lower() for each in lists for name in each.split()} | {
        name.strip(" =").lower() for each in parameters for name in each.split(",")
    }


def resolved(code):
    """Names of the macro variables that are resolved, by & or by %superq."""
    text = without_comments(code)
    names = re.findall(r"&+(\w+)", text) + re.findall(r"%superq\((\w+)\)", text)
    return {name.lower() for name in names}


def steps(body):
    """First words of statements that open a step, and those that close one, in order."""
    words = re.findall(
        r"(?:^|;)\s*(data|proc|run|quit)(?= \S+|;)(?! the)", without_literals(body), re.MULTILINE
    )
    return [word.lower() for word in words]
