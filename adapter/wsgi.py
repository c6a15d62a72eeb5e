"""`adapter.wsgi:app` for IIS, gunicorn and others: takes in tasks; `sasbiws serve` delivers them.

The home is that of SASBIWS_HOME, else the current folder.
"""

import logging
import os
import sys
from pathlib import Path

from flask import Flask

from adapter import config, wiring
from adapter.core.errors import AdapterError
from adapter.observe import Observer, start_logging


def _app() -> Flask:
    settings = config.load(Path(os.environ.get("SASBIWS_HOME", ".")), os.environ)
    start_logging(settings.log.level, settings.log.folder if settings.log.enabled else None)
    for note in settings.notes:
        Observer().event("note", logging.WARNING, note=str(note))
    Observer().event("start", home=settings.home, delivers="no: sasbiws serve does, in this home")
    return wiring.adapter(wiring.calling(settings)).web.app()


try:
    app = _app()
except AdapterError as error:
    # The message names the first problem only, and it is all that a web server shows.
    sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
    raise
