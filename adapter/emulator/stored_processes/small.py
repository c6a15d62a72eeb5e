"""Stored processes that show one thing each: prompts, output parameters, faults, no input."""

from adapter.emulator.faults import on_demand, refused
from adapter.emulator.stored_processes.program import (
    Prompt,
    PromptType,
    Reads,
    Run,
    StoredProcess,
    Written,
)
from adapter.emulator.switches import SAS_FAULT_CODES

SEGMENT_ROWS = 431


def _count_segment(run: Run) -> Written:
    rows = min([SEGMENT_ROWS, *map(int, run.prompts.get("max_rows", ()))])
    return Written(parameters={"row_count": str(rows), "run_status": "done"})


def _add_floats(run: Run) -> Written:
    (first,), (second,) = run.prompts["num1"], run.prompts["num2"]
    return Written(parameters={"sum": repr(float(first) + float(second))})


def _fault(run: Run) -> Written:
    code = run.given("code")
    if code not in map(str, SAS_FAULT_CODES):
        raise refused(f"code is {code!r}; expected 1000, 2000, 3000, 4000 or 5000.")
    raise on_demand(int(code))


def _hello(_run: Run) -> Written:
    return Written(table=({"MESSAGE": "Hello World"},))


# Source: wire contract, the WSDL with two operations: one prompt of each type of section 2.4.
COUNT_SEGMENT = StoredProcess(
    "Count_Segment",
    _count_segment,
    prompts=(
        Prompt("segment_code", PromptType.TEXT, required=True),
        Prompt("max_rows", PromptType.INTEGER),
        Prompt("min_score", PromptType.FLOAT),
        Prompt("as_of", PromptType.TIMESTAMP),
        Prompt("channels", PromptType.TEXT, at_most=5),
        Prompt("age_range", PromptType.INTEGER, is_range=True),
    ),
    writes=False,
    outputs=(Prompt("row_count", PromptType.INTEGER), Prompt("run_status", PromptType.TEXT)),
)

# Source: SAS 9.4 BI Web Services: Developer's Guide, sample requests (documented).
ADD_FLOATS = StoredProcess(
    "Add Floats",
    _add_floats,
    prompts=(
        Prompt("num1", PromptType.FLOAT, required=True),
        Prompt("num2", PromptType.FLOAT, required=True),
    ),
    writes=False,
    outputs=(Prompt("sum", PromptType.FLOAT),),
)

FAULT = StoredProcess(
    "Fault", _fault, prompts=(Prompt("code", PromptType.INTEGER),), reads=Reads.MAYBE
)

HELLO = StoredProcess("Hello", _hello)
