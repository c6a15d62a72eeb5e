"""Started by tests as a process of its own: upgrades or copies a database, and dies on the way."""

import os
import signal
import sys

from sqlalchemy import Engine, event

from adapter.store import copying
from adapter.store.places import opened, place_of
from adapter.store.upgrading import upgrade


def die_at(number):
    """Let this process die when it is about to execute that statement, counted from 1."""
    left = [int(number)]

    def count(*_):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


def upgrade_and_die(place, number):
    die_at(number)
    opened(place_of(place), upgrade).dispose()
    sys.stdout.write("done\n")


def copy_and_die(source, target, number):
    copying.BATCH = 3
    whence, into = opened(place_of(source)), opened(place_of(target), copying.begin)
    die_at(number)
    copying.copy(whence, into, lambda *_: None)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
