"""How much is fuzzed: a little in each run, and as much as `FUZZ_EXAMPLES` says in a long one."""

import os

from hypothesis import HealthCheck, Phase, settings

WANTED = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def examples(few: int) -> settings:
    """The same few inputs in each run; or `FUZZ_EXAMPLES` new ones."""
    return settings(
        max_examples=WANTED or few,
        derandomize=not WANTED,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def count(record_property, inputs: int, told: str) -> None:
    """Say how many inputs were run: in the report of the tests, and to whoever runs with `-s`."""
    record_property("inputs", inputs)
    print(f"{inputs} inputs, {told}")  # noqa: T201
