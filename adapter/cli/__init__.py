"""Talks to the shell: one module per command group.

Exit codes: 0 good, 1 the checked thing is bad, 2 wrong usage or configuration, 3 SAS or network
unreachable.
"""

from adapter.cli.main import main

__all__ = ["main"]
