"""`python -m adapter` is `sasbiws`."""

from adapter.cli import main

main()
