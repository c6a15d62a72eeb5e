"""How a stored process reads ``instream``: by lines, cut at LRECL, at /Table/InData."""

import pytest

from adapter.emulator import LineBreaks, Switches

ECHO = "storedProcesses/Echo"


def request(table):
    return f"<e><streams><instream><Value>{table}</Value></instream></streams></e>".encode()


def one_column(text):
    return f"<Table>\n<InData>\n<a>{text}</a>\n</InData>\n</Table>"


def test_line_of_exactly_lrecl_bytes_is_read_whole(caller, results, fault_of):
    text = "x" * (3000 - len("<a></a>"))
    assert results(caller.rest(ECHO, request(one_column(text)))) == [{"A": text}]
    fault = fault_of(caller.rest(ECHO, request(one_column(text + "x"))))
    assert fault["code"] == "3000"
    assert fault["syscc"] == "1012"
    assert fault["messages"][1].startswith(
        "SYSMSG: Line 3 of 3001 bytes was cut at LRECL=3000. instream: "
    )


def test_lengths_are_bytes(caller, results, fault_of):
    assert results(caller.rest(ECHO, request(one_column("ö" * 1400))))
    assert fault_of(caller.rest(ECHO, request(one_column("ö" * 1500))))["code"] == "3000"


def test_blanks_beyond_the_line_do_not_matter(caller, results):
    assert results(caller.rest(ECHO, request(one_column("x") + " " * 4000))) == [{"A": "x"}]


def test_lrecl_is_a_switch(caller, results, fault_of, emulator):
    emulator.switches = Switches(lrecl=20)
    assert results(caller.rest(ECHO, request(one_column("x"))))
    assert fault_of(caller.rest(ECHO, request(one_column("x" * 20))))["code"] == "3000"


def test_flattened_documents_are_cut(caller, results, fault_of, emulator):
    row = "\n".join(f"<c{n}>{'x' * 50}</c{n}>" for n in range(60))
    table = f"<Table>\n<InData>\n{row}\n</InData>\n</Table>"
    assert len(results(caller.rest(ECHO, request(table)))[0]) == 60
    emulator.switches = Switches(line_breaks=LineBreaks.FLATTEN)
    assert "Line 1 of " in fault_of(caller.rest(ECHO, request(table)))["messages"][1]
    assert results(caller.rest(ECHO, request(one_column("x")))) == [{"A": "x"}]


@pytest.mark.parametrize(
    "value", ["", "text", "<Table/><Table/>", "text<Table/>", "&lt;Table/&gt;"]
)
def test_what_is_not_one_element_is_not_xml_for_sas(caller, fault_of, emulator, value):
    fault = fault_of(caller.rest(ECHO, request(value)))
    assert fault["code"] == "3000"
    assert "instream is not XML" in fault["messages"][1]
    assert emulator.executions[0].rows == ()


def test_every_row_and_column(caller, results, emulator):
    table = """<Table>
<InData><a>1</a><b/></InData>
<Other><a>x</a></Other>
<InData><a>2</a><!-- c --><b> 3 </b><nested><d>4</d></nested></InData>
</Table>"""
    assert results(caller.rest(ECHO, request(table))) == [
        {"A": "1", "B": ""},
        {"A": "2", "B": " 3 "},
    ]
    execution = emulator.executions[0]
    assert execution.columns == {"a": "1", "b": ""}
    assert execution.rows == ({"a": "1", "b": ""}, {"a": "2", "b": " 3 "})


def test_two_columns_of_one_name_are_lost(caller, results):
    table = "<Table>\n<InData><a>1</a><b>2</b><A>3</A></InData>\n</Table>"
    assert results(caller.rest(ECHO, request(table))) == [{"B": "2"}]


def test_entities_of_xml_and_characters_survive(caller, results):
    table = one_column("&lt;a&gt; &amp; &#8364; &#x1F600; &#13;")
    assert results(caller.rest(ECHO, request(table))) == [{"A": "<a> & € 😀 \r"}]
