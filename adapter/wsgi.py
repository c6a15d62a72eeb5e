"""`adapter.wsgi:app` for IIS, gunicorn and others: takes in tasks; `sasbiws work` delivers them.

The home is that of SASBIWS_HOME, else the current folder.
"""

import os
import sys
from pathlib import Path

from flask import Flask

from adapter import config, wiring
from adapter.cli.reloading import Reloading
from adapter.cli.serving import begin
from adapter.core.errors import AdapterError
from adapter.observe import Observer
from adapter.web import exposure


def _app() -> Flask:
    settings = config.load(Path(os.environ.get("SASBIWS_HOME", ".")), os.environ)
    begin(settings)
    Observer().event("start", home=settings.home, delivers="no: sasbiws work does, in this home")
    parts = wiring.adapter(wiring.calling(settings))
    parts.start()
    Reloading(parts, delivers=False, check=lambda _: None).start()
    Observer().event("note", note=exposure.BY_OTHERS)
    return parts.web.app()


try:
    app = _app()
except AdapterError as error:
    # The message names the first problem only, and it is all that a web server shows.
    sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
    raise
