"""Random changes to valid WSDLs never crash the reader, and never hang it.

The environment variable WSDL_EXAMPLES asks for more examples than a run of all tests can wait for.
"""

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from adapter.wsdl.checking import Use, check
from adapter.wsdl.diff import diff
from adapter.wsdl.outline import outline_of
from adapter.wsdl.reading import read
from adapter.wsdl.sample import sample_of

EXAMPLES = int(os.environ.get("WSDL_EXAMPLES", "60"))
VECTORS = Path(__file__).parents[1] / "vectors/wsdl"
BASES = [
    file.read_bytes()
    for file in sorted(VECTORS.glob("*.wsdl"))
    if file.name
    in {
        "TwoOperations.wsdl",
        "DownloadFileTyped.wsdl",
        "namespace-not-imported.good.wsdl",
        "table-namespace.bad.wsdl",
    }
]
TOKEN = re.compile(rb"<[^<>]+>|\"[^\"]*\"|[\w:.-]+")
PIECES = [
    b"", b"<", b">", b'"', b"&", b"\0", b"\xff", b"tns:", b"xs:", b":", b" ", b"</wsdl:types>", b"<xs:any/>",
    b'"0"', b'"unbounded"', b'"-1"', b'"xs:anyType"', b"xs:choice", b"xs:group", b"xs:simpleType", b"xs:attribute",
    b'"99999999999"', b"xmlns=''", b"<!--", b"]]>", b'ref="tns:loadFile"', b'"(a+)+b"', b"\xe2\x80\xa8", b"{}",
]  # fmt: skip
MUTATION = st.tuples(
    st.integers(0, 10_000),
    st.sampled_from(["cut", "put", "swap", "double"]),
    st.sampled_from(PIECES),
    st.integers(0, 10_000),
)


def mutated(raw, mutations):
    for position, kind, piece, other in mutations:
        tokens = list(TOKEN.finditer(raw))
        if not tokens:
            return raw + piece
        token = tokens[position % len(tokens)]
        twin = tokens[other % len(tokens)].group()
        new = {"cut": b"", "put": piece, "swap": twin, "double": token.group() + twin}[kind]
        raw = raw[: token.start()] + new + raw[token.end() :]
    return raw


def answered(base, raw):
    """Everything that reads a WSDL reads this one, and ends in time."""
    own = (VECTORS / "own.xsd").read_bytes()
    start = time.process_time()
    use = Use(asked="https://sas.example.test/x", stored_process="Download File", schema=own)
    for finding in check({"m": raw}, "m", use=use):
        assert finding.to_json()
        assert str(finding)
    before, after = read({"m": base}, "m"), read({"m": raw}, "m")
    assert all(change.to_json() for change in [*diff(before, after), *diff(after, before)])
    assert outline_of(after).to_json()
    sample = sample_of(after)
    assert sample is None or sample.to_json()
    assert time.process_time() - start < 5


@pytest.mark.parametrize("base", BASES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutations=st.lists(MUTATION, min_size=1, max_size=6))
def test_a_wsdl_of_changed_tokens_is_answered(base, mutations):
    answered(base, mutated(base, mutations))


STYLES = [file.read_bytes() for file in sorted((VECTORS / "styles").glob("*.wsdl"))]
CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "cp037"]


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    raw=st.sampled_from(STYLES),
    codec=st.sampled_from(CODECS),
    flips=st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=4),
    length=st.integers(0, 20_000),
)
def test_a_wsdl_of_changed_bytes_is_answered(raw, codec, flips, length):
    changed = bytearray(raw.decode().encode(codec, "replace"))
    for position, byte in flips:
        changed[position % len(changed)] = byte
    answered(raw, bytes(changed[: length or None]))


KINDS = ["drop", "double", "move", "rename", "namespace", "unset", "set", "swap"]
TREE_MUTATION = st.tuples(st.sampled_from(KINDS), st.integers(0, 10_000), st.integers(0, 10_000))


def changed_at(kind, node, twin, number):
    """Change an element in one way, with the help of another element."""
    if kind in {"drop", "move"}:
        node.getparent().remove(node)
    if kind == "move" and node not in twin.iterancestors() and node is not twin:
        twin.append(node)
    elif kind == "double":
        node.addnext(etree.fromstring(etree.tostring(node, with_tail=False)))
    elif kind == "rename":
        node.tag = twin.tag
    elif kind == "namespace":
        space = etree.QName(twin).namespace
        node.tag = f"{{{space}}}{etree.QName(node).localname}" if space else node.tag
    elif kind == "unset" and node.attrib:
        del node.attrib[node.keys()[number % len(node.keys())]]
    elif kind == "set" and twin.attrib:
        name = twin.keys()[number % len(twin.keys())]
        node.set(name, twin.get(name))
    elif kind == "swap" and node.attrib and twin.attrib:
        node.set(node.keys()[number % len(node.keys())], twin.values()[number % len(twin.keys())])


@settings(max_examples=2 * EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    raw=st.sampled_from([*STYLES, *BASES]),
    mutations=st.lists(TREE_MUTATION, min_size=1, max_size=8),
)
def test_a_wsdl_of_changed_elements_is_answered(raw, mutations):
    root = etree.fromstring(raw)
    for kind, one, other in mutations:
        nodes = list(root.iter("*"))
        if len(nodes) > 1:
            changed_at(kind, nodes[1 + one % (len(nodes) - 1)], nodes[other % len(nodes)], other)
    answered(raw, etree.tostring(root))


@settings(max_examples=EXAMPLES, deadline=None)
@given(raw=st.binary(max_size=300), mutations=st.lists(MUTATION, max_size=4))
def test_an_own_schema_of_any_bytes_is_answered_with_findings(raw, mutations):
    own = mutated((VECTORS / "own.xsd").read_bytes(), mutations) + raw
    check({"m": BASES[0]}, "m", use=Use(stored_process="Download File", schema=own))
