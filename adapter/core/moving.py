"""What can go wrong when a delivery database is upgraded or moved: a branch of the error tree."""

from __future__ import annotations

from adapter.core.errors import AdapterError


class StoreInUse(AdapterError):
    """Adapters work on the delivery database, so it is neither upgraded nor copied."""

    code = "STORE_IN_USE"
    remedy = "Stop every sasbiws serve, sasbiws work and WSGI server on it, then try again."


class CopyRefused(AdapterError):
    """The database to copy into holds deliveries of its own."""

    code = "COPY_REFUSED"
    remedy = "Name a new file or an empty PostgreSQL database."


class CopyDiffers(AdapterError):
    """What was copied is not what was read; the copy cannot be used."""

    code = "COPY_DIFFERS"
    remedy = "Run the same command again; if it differs again, copy into a new database."
