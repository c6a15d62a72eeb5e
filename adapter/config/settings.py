"""Settings: everything that is configured, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapter.core.access import Access, ServerLimits
from adapter.core.delivery import Retention
from adapter.core.errors import Problem
from adapter.core.payload import Limits
from adapter.core.redact import Secret
from adapter.core.route import Routes


@dataclass(frozen=True)
class LogSettings:
    """What is logged.

    Args:
        enabled: Whether a log file is written.
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        folder: Absolute; where the log files lie.
    """

    enabled: bool
    level: str
    folder: Path


@dataclass(frozen=True)
class Settings:
    """Everything that is configured.

    Args:
        home: The folder that holds conf, schemas, wsdl_cache and var; resolved.
        routes: How each stored process is called.
        host: Address to listen on.
        port: Port to listen on; 0 takes any free one.
        log: What is logged.
        limits: What a payload may cost.
        threads: Server threads.
        workers: Delivery threads.
        keep_rejected: Rejected deliveries kept.
        retention: How long ended deliveries are kept.
        stop_grace_s: Seconds that calls and requests under way may still take at the end.
        store_url: The PostgreSQL database that hosts share; an empty one keeps a file in var.
        credentials_saved_at: When user or password may last have changed, in seconds since
            1970-01-01 UTC.
        access: Who may call.
        server_limits: What one caller may cost the HTTP server.
        files_url: Where short links to staged files begin; empty takes host and port.
        keep_staged_s: Seconds that staged files are kept after their delivery was delivered.
        fixed: The values of keys that a running adapter does not change, by key.
        notes: What works otherwise than it seems to be meant.
    """

    home: Path
    routes: Routes
    host: str
    port: int
    log: LogSettings
    limits: Limits
    threads: int
    workers: int
    keep_rejected: int
    retention: Retention
    stop_grace_s: float
    store_url: Secret
    credentials_saved_at: float = 0.0
    access: Access = field(default_factory=Access)
    server_limits: ServerLimits = field(default_factory=ServerLimits)
    files_url: str = ""
    keep_staged_s: float = 86_400.0
    fixed: Mapping[str, Secret] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    def restart_for(self, newer: Settings) -> tuple[str, ...]:
        """The keys that would take a restart to become as the newer settings have them."""
        return tuple(name for name, text in newer.fixed.items() if self.fixed.get(name) != text)

    @property
    def conf(self) -> Path:
        """The folder of the configuration files."""
        return self.home / "conf"

    @property
    def schemas(self) -> Path:
        """The folder of the XSDs."""
        return self.home / "schemas"

    @property
    def wsdl_cache(self) -> Path:
        """The folder of the pinned WSDLs."""
        return self.home / "wsdl_cache"

    @property
    def var(self) -> Path:
        """The folder of the delivery database and of staged files."""
        return self.home / "var"
