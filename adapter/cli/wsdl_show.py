"""`sasbiws wsdl show` and `sample`: what a WSDL offers, and a request that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adapter.cli import shell
from adapter.cli.reports import outline_text
from adapter.cli.reports.shown import shown
from adapter.cli.wsdl_fetching import ends_well
from adapter.cli.wsdl_material import Material, Source
from adapter.cli.wsdl_targets import Folder, Target, expanded, find
from adapter.core.route import TransportName
from adapter.wsdl.description import Description
from adapter.wsdl.outline import outline_of
from adapter.wsdl.reading import read
from adapter.wsdl.sample import Sample, sample_of


@click.command("show")
@click.argument("target", metavar="STP|FILE|URL")
@click.option("--stp", default="", metavar="NAME", help="Whose WSDL a file or a URL shall be.")
@click.option("--published", is_flag=True, help="Ask SAS even where the WSDL is pinned.")
@click.option("--xml", "as_xml", is_flag=True, help="Print the WSDL itself, as it was received.")
@shell.home_option
@shell.json_option
@ends_well
def show(  # noqa: PLR0913  one argument per option
    target: str, stp: str, home: Path | None, *, published: bool, as_xml: bool, as_json: bool
) -> None:
    """Tell what a WSDL offers: services, operations, parameters, streams, a sample request.

    Exit code 0 when it can be read, 1 when it cannot, 2 for usage, 3 when it cannot be fetched.
    """
    if as_xml and as_json:
        raise click.UsageError("--json and --xml exclude each other")
    with Source(home, published=published, stored_process=stp) as source:
        material = source.material(_one(find(target, home)), target)
    if as_xml:
        click.echo(material.files[material.main], nl=False)
        return
    description = material.readable()
    outline, sample = outline_of(description), _sample(material, description)
    if as_json:
        told = {**outline.to_json(), "sample": sample.to_json() if sample else None}
        shell.print_json(
            {
                "target": shown(target),
                "origin": material.origin,
                "files": [material.place(address) for address in material.files],
                "unreachable": {shown(a): reason for a, reason in material.unreachable.items()},
                **_camel(told),
                "main": material.place(material.main),
            }
        )
        return
    for line in outline_text.lines(outline, material.place(material.main), material.origin):
        click.echo(line)
    for address, reason in material.unreachable.items():
        shell.err.print(f"not there: {shown(address)}: {reason}", markup=False)
    if sample is not None:
        click.echo("\nSample request")
        click.echo(_written(_requests(sample)[TransportName.SOAP]))


@click.command("sample")
@click.argument("target", metavar="STP|FILE|URL")
@click.option("--stp", default="", metavar="NAME", help="Whose WSDL a file or a URL shall be.")
@click.option(
    "--transport",
    type=click.Choice([str(name) for name in TransportName]),
    help="Only the request of this one. [default: both]",
)
@shell.home_option
@shell.json_option
@ends_well
def sample(
    target: str, stp: str, transport: str | None, home: Path | None, *, as_json: bool
) -> None:
    """Print a valid request for STP, filled with typed examples, as SOAP and as REST.

    Nothing is sent, and no credentials are in it. Exit code 0 when there is one, 1 when the WSDL
    offers no operation that can be called for STP, 2 for usage, 3 when it cannot be fetched.
    """
    with Source(home, stored_process=stp) as source:
        material = source.material(_one(find(target, home)), target)
    made = _sample(material, material.readable())
    if made is None:
        name = material.use.stored_process
        wanted = f" for [{name}]" if name else ""
        raise material.unusable(
            f"{shown(target)} has no one operation that can be called by SOAP 1.1{wanted}; "
            "sasbiws wsdl check tells why"
        )
    requests = {
        name: request
        for name, request in _requests(made).items()
        if transport in {None, str(name)} and request["address"]
    }
    if not requests:
        raise material.unusable(f"{shown(made.soap_address)} has no address for REST beside it")
    if as_json:
        shell.print_json({"operation": made.operation, **{str(k): v for k, v in requests.items()}})
        return
    click.echo("\n\n".join(map(_written, requests.values())))


def _camel(value: Any) -> Any:
    """The value with its names as all JSON of this program has them."""
    match value:
        case dict():
            return {_camel_word(name): _camel(each) for name, each in value.items()}
        case list() | tuple():
            return [_camel(each) for each in value]
        case _:
            return value


def _camel_word(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _one(target: Target) -> Target:
    """The target, or the only WSDL in a folder."""
    inside = expanded(target)
    if isinstance(target, Folder) and len(inside) > 1:
        raise click.UsageError(
            f"there are {len(inside)} WSDLs in {shown(str(target.path))}; name one"
        )
    return inside[0]


def _sample(material: Material, description: Description) -> Sample | None:
    use = material.use
    own = read(use.own, use.schema_name) if use.own else None
    return sample_of(description, use.stored_process, address=use.asked, own=own)


def _requests(made: Sample) -> dict[TransportName, dict[str, Any]]:
    soap = {
        "Content-Type": "text/xml; charset=UTF-8",
        "Accept": "text/xml",
        "SOAPAction": f'"{made.soap_action}"',
    }
    rest = {"Content-Type": "application/xml", "Accept": "application/xml"}
    return {
        TransportName.SOAP: _request(made.soap_address, soap, made.envelope),
        TransportName.REST: _request(made.rest_address, rest, made.plain),
    }


def _request(address: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    return {"method": "POST", "address": shown(address), "headers": headers, "body": body.decode()}


def _written(request: dict[str, Any]) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in request["headers"].items())
    return f"{request['method']} {request['address']}\n{headers}\n\n{request['body']}"
