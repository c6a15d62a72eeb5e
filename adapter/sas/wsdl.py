"""A web service's contract, read: which operation runs a stored process, and by what names.

zeep reads it, because schemas are many-sided: forms, references, groups, imports, includes. What
zeep found is turned into plain names at once, so nothing of it is shared between threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapter.core import sasbiws, xml
from adapter.core.failures import ContractUnusable
from adapter.core.prompts import Prompt
from adapter.core.redact import shortened
from adapter.ports import Contract
from adapter.sas.envelope import DataSource, Operation
from adapter.wsdl import names

_BOUND = f"{names.wsdl('binding')}/{names.wsdl('operation')}"
_ENCODED = f"{names.wsdl('input')}/{{{names.SOAP11}}}body[@use='encoded']"


def digest(contract: Contract) -> str:
    """A fingerprint of every file of a contract, in hexadecimal digits."""
    whole = hashlib.sha256()
    for location, content in sorted(contract.files.items()):
        for part in (location.encode("utf-8"), content):
            whole.update(b"%d:%b" % (len(part), part))
    return whole.hexdigest()


class PinnedFiles:
    """All that zeep has for a transport: the pinned files, and no way to any other."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def load(self, location: str) -> bytes:
        """The pinned file of this address.

        Raises:
            ContractUnusable: None is pinned for it.
        """
        content = self._contract.files.get(str(location).partition("#")[0])
        if content is None:
            raise ContractUnusable(
                f"the WSDL of {self._contract.address} needs {shortened(str(location))}, "
                "which is not pinned with it"
            )
        return content


def operation_for(contract: Contract, stored_process: str, *, instream: bool = True) -> Operation:
    """The operation of a contract that runs this stored process.

    Args:
        contract: Where to look for it.
        stored_process: Its name.
        instream: Whether it is to take a document.

    Raises:
        ContractUnusable: The WSDL cannot be read, has no such operation, or the operation takes
            no data source that the document could be sent in.
    """
    try:
        offered = _offered(contract)
        chosen = _chosen(offered, stored_process, contract.address)
        return _described(chosen, contract.address, instream=instream)
    except ContractUnusable:
        raise
    except Exception as error:  # zeep raises whatever its parser stumbles over
        reason = shortened(str(error)) or type(error).__name__
        raise ContractUnusable(
            f"the WSDL of {contract.address} cannot be read: {reason}"
        ) from error


def _offered(contract: Contract) -> dict[str, Any]:
    """Operations by name, as zeep has them, of SOAP 1.1 document/literal bindings."""
    from zeep.settings import Settings  # noqa: PLC0415  zeep takes 140 ms, which only SOAP owes
    from zeep.wsdl import Document  # noqa: PLC0415
    from zeep.wsdl.bindings import Soap11Binding  # noqa: PLC0415

    # forbid_external stays off: it would refuse the imports that are pinned.
    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, force_https=False)
    files: Any = PinnedFiles(contract)
    document = Document(contract.main, files, settings=settings)
    ports = (port for each in document.services.values() for port in each.ports.values())
    bindings: list[Any] = [
        each.binding for each in ports if isinstance(each.binding, Soap11Binding)
    ]
    encoded = set(_encoded(contract))
    return {
        name: operation
        for binding in bindings
        for name, operation in binding.all().items()
        if operation.style == "document" and name not in encoded
    }


def _encoded(contract: Contract) -> Iterator[str]:
    """Operations with an encoded body, which zeep does not tell from literal ones."""
    for content in contract.files.values():
        for operation in xml.parse(content).iterfind(_BOUND):
            if operation.find(_ENCODED) is not None:
                yield operation.get("name", "")


def _chosen(offered: Mapping[str, Any], stored_process: str, address: str) -> Any:
    if len(offered) == 1:
        return next(iter(offered.values()))
    for folded in (_without_blanks, _alphanumeric):
        wanted = folded(stored_process)
        matches = [each for name, each in offered.items() if folded(name) == wanted]
        if len(matches) == 1:
            return matches[0]
    raise ContractUnusable(
        f"the WSDL of {address} has no operation for {shortened(stored_process)}; "
        f"it offers {', '.join(map(shortened, offered)) or 'none by SOAP 1.1 document/literal'}"
    )


def _without_blanks(name: str) -> str:
    return "".join(name.split()).casefold()


def _alphanumeric(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _described(operation: Any, address: str, *, instream: bool) -> Operation:
    place = f"operation {shortened(operation.name)} in the WSDL of {address}"
    wrapper = operation.input.body
    parts = list(_children(wrapper))
    streams = next(_named(sasbiws.STREAMS, parts), None)
    if instream:
        streams = _the(sasbiws.STREAMS, parts, place)
    found = [] if streams is None else list(_children(streams))
    document = _source(found, place) if instream else None
    if document is not None:
        _the(sasbiws.VALUE, _children(document), f"data source {document.name} of {place}")
    prompts = next(_named(sasbiws.PARAMETERS, parts), None)
    return Operation(
        name=operation.name,
        soap_action=operation.soapaction or "",
        wrapper=wrapper.qname.text,
        streams="" if streams is None else streams.qname.text,
        sources=tuple(_data_sources(found)),
        instream="" if document is None else document.name,
        parameters="" if prompts is None else prompts.qname.text,
        parameters_needed=prompts is not None and not prompts.is_optional,
        parameters_first=streams is None or prompts in parts[: parts.index(streams)],
        prompts=() if prompts is None else tuple(map(_prompt, _children(prompts))),
    )


def _data_sources(sources: Iterable[Any]) -> Iterator[DataSource]:
    for source in sources:
        value = next(_named(sasbiws.VALUE, _children(source)), None)
        if value is not None:
            yield DataSource(
                source.name,
                source.qname.text,
                value.qname.text,
                _content_type(source),
                tuple(_table_namespaces(value)),
            )


def _prompt(element: Any) -> Prompt:
    members = tuple(map(_prompt, _children(element)))
    many = element.max_occurs
    return Prompt(
        element.name,
        element.qname.text,
        "" if members else _schema_type(element.type),
        members,
        None if many == "unbounded" else int(many),
        not element.is_optional,
    )


def _schema_type(found: Any) -> str:
    """Local name of the built-in type that a simple type is, or restricts."""
    for each in type(found).__mro__:
        name = each.__dict__.get("_default_qname")
        if name is not None:
            return str(name.localname)
    return ""


def _children(element: Any) -> Iterator[Any]:
    """The elements that an element may hold, in order, without what stands for any element."""
    return _flat(getattr(element.type, "elements", ()))


def _flat(named: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    for _, item in named:
        if hasattr(item, "elements"):
            yield from _flat(item.elements)
        elif item.name:
            yield item


def _named(name: str, elements: Iterable[Any]) -> Iterator[Any]:
    return (each for each in elements if each.name.casefold() == name.casefold())


def _the(name: str, elements: Iterable[Any], place: str) -> Any:
    found = next(_named(name, elements), None)
    if found is None:
        raise ContractUnusable(f"{place} has no <{name}>, so it takes no document")
    return found


def _source(sources: list[Any], place: str) -> Any:
    named = next(_named(sasbiws.INSTREAM, sources), None)
    if named is not None:
        return named
    if len(sources) == 1:
        return sources[0]
    listed = ", ".join(shortened(each.name) for each in sources) or "none"
    raise ContractUnusable(
        f"{place} has no data source {sasbiws.INSTREAM}; its data sources are: {listed}"
    )


def _content_type(source: Any) -> str:
    attributes = (each for _, each in source.type.attributes if each.name)
    return next((each.qname.text for each in _named("contentType", attributes)), "")


def _table_namespaces(value: Any) -> Iterator[str]:
    """The namespaces of Table, row and column where a schema is attached; nothing elsewhere."""
    element = next(_named("Table", _children(value)), None)
    for _ in ("Table", "row", "column"):
        if element is not None:
            yield element.qname.namespace or ""
            element = next(_children(element), None)
