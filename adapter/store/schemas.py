"""Compiled schemas of the instream data source, each compiled once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import xmlschema
from xmlschema.loaders import SchemaLoader
from xmlschema.validators import XMLSchemaValidatorError, XsdAnyElement, XsdElement

from adapter.core import xml
from adapter.core.document import ROW, TABLE
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.redact import shortened
from adapter.core.validation import problems_of
from adapter.core.xsd import XSD, Schema11, said
from adapter.store.schema_files import SCHEME, SchemaFiles


class SchemaFolder:
    """The schemas in a folder such as schemas/.

    Args:
        root: Holds the schema files.
        shipped: Holds those that come with the program, for what `root` does not have. Nothing
            outside of the two is ever read.
    """

    def __init__(self, root: Path, shipped: Path | None = None) -> None:
        self._root = root
        self._shipped = shipped or root
        self._compiled: dict[str, xmlschema.XMLSchema11] = {}
        self._compiling = threading.Lock()

    def problems(self, document: bytes, schema: str) -> tuple[Problem, ...]:
        """Everything in the document that the schema of this file name does not allow.

        Raises:
            ConfigurationInvalid: The schema itself cannot be used; with file and line.
        """
        return problems_of(document, self._schema(schema))

    def check(self, name: str) -> tuple[Problem, ...]:
        """What is wrong with a schema file; nothing where documents can be held against it."""
        try:
            self._schema(name)
        except ConfigurationInvalid as error:
            return error.problems
        return ()

    def compiled(self, name: str) -> xmlschema.XMLSchema11:
        """The schema of this file name, as documents are held against it.

        Raises:
            ConfigurationInvalid: It cannot be used; with file and line.
        """
        return self._schema(name)

    def source(self, name: str) -> bytes:
        """The bytes of a schema file; empty where there is none that can be read."""
        try:
            return (self._folder(name) / name).read_bytes()
        except OSError:
            return b""

    def included(self, name: str, address: str) -> dict[str, bytes]:
        """The files that a schema includes and imports, by their addresses seen from its own."""
        files = SchemaFiles(self._folder(name), name).roots
        folder = address[: address.rfind("/") + 1]
        others = {each: self.source(each) for each in files if each != name}
        return {folder + told: raw for each, raw in others.items() for told in (each, quote(each))}

    def _folder(self, name: str) -> Path:
        return self._root if (self._root / name).is_file() else self._shipped

    def _schema(self, name: str) -> xmlschema.XMLSchema11:
        schema = self._compiled.get(name)
        if schema is None:
            with self._compiling:
                schema = self._compiled.get(name)
                if schema is None:
                    schema = self._compiled[name] = self._compile(name)
        return schema

    def _compile(self, name: str) -> xmlschema.XMLSchema11:
        folder = self._folder(name)
        files = SchemaFiles(folder, name)
        if files.problems or files.root is None:
            raise _invalid(name, tuple(files.problems))
        try:
            schema = _built(files, "strict")
        except XMLSchemaValidatorError as error:
            raise _invalid(name, _every_problem(files, name, error)) from None
        except Exception as error:  # noqa: BLE001  it raises whatever its parsers stumble over
            raise _invalid(name, (Problem(name, shortened(said(error), 200)),)) from None
        problems = tuple(_missing(schema, name))
        if problems:
            raise _invalid(name, problems)
        return schema


class ReadFiles(SchemaLoader):
    """Answers includes and imports from the files that were read, so that nothing else is opened.

    Attributes:
        roots: The root element of each by its name; each compilation has a subclass that sets it.
    """

    roots: ClassVar[Mapping[str, xml.Element]] = {}

    def is_missing(
        self, namespace: str, location: str | None = None, base_url: str | None = None
    ) -> bool:
        """Whether a file is to be loaded: one namespace may come from several."""
        return location is not None or super().is_missing(namespace, location, base_url)

    def load_schema(
        self,
        source: Any,
        namespace: str | None = None,
        base_url: str | None = None,
        build: bool = False,  # noqa: FBT001, FBT002  the library's
        partial: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        """The schema of a file, compiled once for each namespace that takes it in."""
        root: Any = self.roots[unquote(source.removeprefix(SCHEME))]
        for schema in self.maps.schemas:
            if schema.source.root is root and schema.target_namespace == (namespace or ""):
                return schema
        return self.schema_class(
            root,
            namespace=namespace,
            validation=self.maps.validation,
            global_maps=self.maps,
            base_url=base_url,
            build=build,
            partial=partial,
        )


def _every_problem(
    files: SchemaFiles, name: str, first: XMLSchemaValidatorError
) -> tuple[Problem, ...]:
    errors: list[Any] = []
    with suppress(Exception):  # then the first must do
        errors += _built(files, "lax").maps.all_errors
    problems = [_parse_problem(files, name, error) for error in errors or [first]]
    order = {each: number for number, each in enumerate(files.roots)}
    return tuple(sorted(problems, key=lambda told: (order.get(told.where, 0), told.line or 0)))


def _built(files: SchemaFiles, validation: str) -> xmlschema.XMLSchema11:
    root: Any = files.root
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Schema11(
            root,
            allow="none",
            defuse="always",
            use_fallback=False,
            validation=validation,
            loader_class=type("ReadFilesOfOne", (ReadFiles,), {"roots": files.roots}),
        )


def _invalid(name: str, problems: tuple[Problem, ...]) -> ConfigurationInvalid:
    first = problems[0] if problems else "it cannot be read"
    return ConfigurationInvalid(f"the schema {shortened(name)} cannot be used: {first}", problems)


def _parse_problem(files: SchemaFiles, name: str, error: XMLSchemaValidatorError) -> Problem:
    validator: Any = error.validator
    root = getattr(validator, "schema", validator).source.root
    where = next((each for each, known in files.roots.items() if known is root), name)
    return Problem(where, shortened(said(error.message), 200), line=error.sourceline)


def _missing(schema: xmlschema.XMLSchema11, name: str) -> Iterator[Problem]:
    table = schema.maps.elements.get(TABLE)
    if table is None:
        known = (each for each in schema.maps.elements if not each.startswith(XSD))
        found = ", ".join(sorted(known)) or "none"
        yield Problem(
            name, "no document can satisfy it", f"a global element {TABLE}", shortened(found)
        )
    elif not _holds_rows(table):
        yield Problem(name, "no row can satisfy it", f"an element {ROW} in {TABLE}")


def _holds_rows(table: XsdElement) -> bool:
    content = table.type.model_group
    if content is None:
        return False
    return any(
        isinstance(part, XsdAnyElement) or part.name == ROW for part in content.iter_elements()
    )
