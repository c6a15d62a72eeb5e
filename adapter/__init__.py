"""sasbiws: from a CI 360 custom task to a SAS stored process, by SOAP or by REST.

```python
import adapter

with adapter.open_home(".") as sas:
    answer = sas.call("Download File", payload)
```
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.core.answer import Answer, Stream
from adapter.core.delivery import Delivery, State
from adapter.core.document import Document
from adapter.core.errors import (
    AdapterError,
    ConfigurationInvalid,
    DeliveryUnknown,
    DocumentInvalid,
    PayloadRefused,
    Problem,
    Rejected,
    RouteHeld,
    StoreUnavailable,
    StpUnknown,
)
from adapter.core.failures import DeliveryError, Effect
from adapter.core.route import TransportName

if TYPE_CHECKING:
    from adapter.face import Home

__all__ = [
    "AdapterError",
    "Answer",
    "ConfigurationInvalid",
    "Delivery",
    "DeliveryError",
    "DeliveryUnknown",
    "Document",
    "DocumentInvalid",
    "Effect",
    "PayloadRefused",
    "Problem",
    "Rejected",
    "RouteHeld",
    "State",
    "StoreUnavailable",
    "StpUnknown",
    "Stream",
    "TransportName",
    "open_home",
]


def open_home(home: str | Path = ".") -> Home:
    """The home in this folder, opened: `call`, `validate`, `submit`, `delivery`.

    Args:
        home: Folder that holds conf, schemas, wsdl_cache and var.

    Raises:
        ConfigurationInvalid: With every problem of the conf folder.
    """
    from adapter import config, face  # noqa: PLC0415  the emulator needs none of it

    return face.Home(config.load(Path(home), os.environ))
