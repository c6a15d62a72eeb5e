"""JMESPath as the mapping speaks it: numbers keep their digits, `$` names are facts.

The library reads numbers as floats and knows no `$`; both are taught here, at the places where it
looks up its own parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.lexer import Lexer
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from adapter.core.expressions import Budget, ExpressionRefused, Scope, Unfit
from adapter.core.functions import FUNCTIONS, Functions
from adapter.core.numbers import decimal_of, equal, is_number
from adapter.core.payload import Number

FACTS = ("$", "$delivery", "$received")
_FACT = "\0"
"""In front of a fact's name in the tree, so that no key of a payload is taken for one."""

Tree = Mapping[str, Any]


class _Lexer(Lexer):
    START_IDENTIFIER = frozenset({*Lexer.START_IDENTIFIER, "$"})

    def facts_told(self, text: str) -> Iterator[dict[str, Any]]:
        """The tokens, every `$` name checked and marked."""
        for token in self.tokenize(text):
            if token["type"] == "unquoted_identifier" and token["value"].startswith("$"):
                if token["value"] not in FACTS:
                    raise ExpressionRefused(
                        f"there is no {token['value']}", token["start"], "$, $delivery or $received"
                    )
                token["value"] = _FACT + token["value"]
            yield token

    def _consume_literal(self) -> dict[str, Any]:
        start = self._position
        text = self._consume_until("`").replace("\\`", "`")
        try:
            value = json.loads(text, parse_int=Number, parse_float=Number)
        except ValueError:
            raise ExpressionRefused(
                "what stands between backquotes is not JSON", start, "such as `17` or 'a text'"
            ) from None
        return {"type": "literal", "value": value, "start": start, "end": self._position - start}


class _Parser(Parser):
    tokens: tuple[dict[str, Any], ...] = ()

    def _parse(self, expression: str) -> Any:
        self._tokens = list(_Lexer().facts_told(expression))
        self.tokens = tuple(self._tokens)
        _check_functions(self.tokens)
        self._index = 0
        tree = self._expression(binding_power=0)
        if self._current_token() != "eof":
            token = self._lookahead_token(0)
            raise ParseError(token["start"], token["value"], token["type"], "it goes on")
        return tree


_CHARACTERS = 10
"""Characters that a function may make for one step."""


class _Interpreter(TreeInterpreter):
    def __init__(self, scope: Scope, budget: Budget) -> None:
        super().__init__(Options(custom_functions=Functions()))
        self._scope = scope
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.steps -= 1
        if self._budget.steps < 0:
            raise Unfit("the expressions take too many steps for this payload")
        found = super().visit(node, *args, **kwargs)
        if isinstance(found, str) and node["type"] == "function_expression":
            self._budget.steps -= len(found) // _CHARACTERS  # a text that was made takes memory
        return found

    def visit_field(self, node: Any, value: Any) -> Any:
        name = node["value"]
        if name[:1] == _FACT:
            return self._scope.fact(name[1:])
        return value.get(name) if isinstance(value, dict) else None

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        match node["value"]:
            case "eq":
                return equal(left, right)
            case "ne":
                return not equal(left, right)
        if not (is_number(left) and is_number(right)):
            if is_number(left) or is_number(right):
                return None
            both = isinstance(left, str) and isinstance(right, str)
            return self.COMPARATOR_FUNC[node["value"]](left, right) if both else None
        return self.COMPARATOR_FUNC[node["value"]](decimal_of(left), decimal_of(right))


def compiled(text: str) -> Tree:
    """The tree of an expression.

    Raises:
        ExpressionRefused: It cannot be parsed, or calls a function that is unknown or needs more.
    """
    parser = _Parser()
    try:
        tree: Tree = parser._parse(text)  # noqa: SLF001  the way around a cache of other grammar
    except ExpressionRefused:
        raise
    except LexerError as error:
        raise ExpressionRefused(_lexer_reason(error), error.lexer_position) from None
    except ParseError as error:
        at_end = not str(error.token_value or "")
        position = len(text) if at_end else int(error.lex_position)
        reason = "the expression ends too early" if at_end else "this is not expected here"
        digit = re.match(r"-?[0-9]", text[position:])
        wanted = "a number between backquotes, such as `5`" if digit else ""
        raise ExpressionRefused(reason, position, wanted) from None
    except (JMESPathError, ValueError, RecursionError, IndexError):
        raise ExpressionRefused("this is not an expression", 0, "JMESPath") from None
    _check_arguments(tree, parser.tokens)
    return tree


def evaluated(tree: Tree, start: Any, scope: Scope, budget: Budget) -> Any:
    """What a tree gives for a value; all with one budget are evaluated in one scope.

    Raises:
        Unfit: A function cannot work with what it met.
    """
    if budget.interpreter is None:
        budget.interpreter = _Interpreter(scope, budget)
    try:
        return budget.interpreter.visit(tree, start)
    except Unfit:
        raise
    except Exception as error:  # the library raises whatever it stumbles over
        raise Unfit("the expression cannot be evaluated for this payload") from error


def paths_of(tree: Tree) -> Iterator[str]:
    """The payload paths that a tree reads, keys joined by dots."""
    chain = _chain(tree)
    if chain is not None:
        told = chain.removeprefix(f"{_FACT}$.")
        if told and not told.startswith(_FACT):
            yield told
        return
    for child in tree.get("children", ()):
        if isinstance(child, dict):
            yield from paths_of(child)


def keys_of(tree: Tree) -> tuple[str, ...]:
    """The keys of a tree that is one path of keys in the payload; else nothing."""
    match tree.get("type"):
        case "field" if not tree["value"].startswith(_FACT):
            return (str(tree["value"]),)
        case "subexpression":
            parts = [keys_of(child) for child in tree["children"]]
            return tuple(key for part in parts for key in part) if all(parts) else ()
    return ()


def _chain(tree: Tree) -> str | None:
    """The path where the tree is nothing but keys and indexes."""
    match tree.get("type"):
        case "field":
            return str(tree["value"])
        case "index":
            return f"[{tree['value']}]"
        case "subexpression" | "index_expression":
            parts = [_chain(child) for child in tree["children"]]
            known = [part for part in parts if part is not None]
            return ".".join(known).replace(".[", "[") if len(known) == len(parts) else None
    return None


def _lexer_reason(error: LexerError) -> str:
    message = str(error.message)
    return "a quote is never closed" if message.startswith("Unclosed") else "this is not JMESPath"


def _check_functions(tokens: tuple[dict[str, Any], ...]) -> None:
    for token, following in pairwise(tokens):
        named = token["type"] == "unquoted_identifier" and following["type"] == "lparen"
        if named and token["value"] not in FUNCTIONS:
            meant = get_close_matches(token["value"], FUNCTIONS, n=1)
            ask = f"; did you mean {meant[0]}?" if meant else ""
            expected = "" if meant else f"one of {', '.join(sorted(FUNCTIONS))}"
            raise ExpressionRefused(
                f"there is no function {token['value']}{ask}", token["start"], expected
            )


def _check_arguments(tree: Tree, tokens: tuple[dict[str, Any], ...]) -> None:
    if tree.get("type") == "function_expression":
        name, given = str(tree["value"]), len(tree["children"])
        least, most = FUNCTIONS[name]
        if not least <= given <= most:
            told = f"{least}" if least == most else f"at least {least}"
            told = f"{told}, at most {most}" if least < most < 99 else told  # noqa: PLR2004
            at = next((each["start"] for each in tokens if each["value"] == name), 0)
            raise ExpressionRefused(f"{name} is given {given} argument(s)", at, told)
    for child in tree.get("children", ()):
        if isinstance(child, dict):
            _check_arguments(child, tokens)
