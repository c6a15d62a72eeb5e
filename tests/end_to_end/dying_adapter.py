"""Run as a process: serves a home, and ends at a chosen moment, by kill -9 or as it is told."""

import os
import signal
import threading
from pathlib import Path

from adapter import config
from adapter.cli.serving import Serving
from adapter.core.delivery import Idle
from adapter.observe import start_logging


def serve(home, moment, step, address):
    """Serve until killed; the address to call goes into the pipe."""
    start_logging("INFO", Path(home) / "logs")
    serving = Serving(config.load(Path(home), {}))
    for port in ports_with(step, serving.parts):
        arm(port, step, moment)
    with serving:
        address.send(serving.url)
        address.close()
        threading.Event().wait()


def serve_and_stop(home, grace_s, address):
    """Serve until told through the pipe, then stop and end."""
    serving = Serving(config.load(Path(home), {}))
    serving.__enter__()
    address.send(serving.url)
    address.recv()
    serving.stop(grace_s)


def ports_with(step, parts):
    """The objects behind the ports that a delivery passes: the store, and both transports."""
    ports = (parts.deliveries, *parts.calling.transports.values())
    return [port for port in ports if step and hasattr(port, step)]


def arm(port, step, moment):
    """Let the process die when the step is begun, or when it has succeeded."""
    really = getattr(port, step)

    def dying(*arguments, **named):
        if moment == "before":
            die()
        result = really(*arguments, **named)
        if (result and not isinstance(result, Idle)) or step == "ping":
            die()
        return result

    setattr(port, step, dying)


def die():
    os.kill(os.getpid(), signal.SIGKILL)
