"""The vectors of the rules: files that break one rule each, and files that keep it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapter.wsdl.checking import Use, check

VECTORS = Path(__file__).parents[1] / "vectors/wsdl"
INDEX = tomllib.loads((VECTORS / "rules.toml").read_text(encoding="utf-8"))
IMPORTED = {
    f"imported/{file.name}": file.read_bytes() for file in sorted((VECTORS / "imported").iterdir())
}


@dataclass(frozen=True)
class Vector:
    """What the index says of one rule's examples."""

    rule: str
    line: int
    file: str = ""
    column: int | None = None
    also: tuple[str, ...] = ()
    use: dict | None = None
    good_use: dict | None = None
    unreachable: dict | None = None

    def name(self, kind):
        return f"{self.rule}.{kind}.wsdl"

    def files(self, kind):
        return {**IMPORTED, self.name(kind): (VECTORS / self.name(kind)).read_bytes()}

    def use_of(self, kind):
        given = dict(self.use or {})
        if kind == "good" and self.good_use is not None:
            given = dict(self.good_use)
        given["mapped"] = frozenset(given.get("mapped", ()))
        if "schema" in given:
            given["schema_name"] = given["schema"]
            given["schema"] = (VECTORS / given["schema"]).read_bytes()
        return Use(**given)

    def findings(self, kind):
        return check(
            self.files(kind),
            self.name(kind),
            unreachable=self.unreachable,
            use=self.use_of(kind),
        )


ALL = [Vector(rule=rule, **facts) for rule, facts in INDEX.items()]


@pytest.fixture(params=ALL, ids=lambda vector: vector.rule)
def vector(request):
    return request.param
