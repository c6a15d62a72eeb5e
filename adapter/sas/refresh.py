"""Whether SAS still publishes the WSDL that is pinned."""

from __future__ import annotations

import threading

from adapter.core.route import Route
from adapter.ports import Clock, Contract
from adapter.sas.session import HttpSession
from adapter.sas.wsdl import digest, fetch_contract


class Refresh:
    """Compares pinned contracts with published ones, each once per process, and changes none."""

    def __init__(self, session: HttpSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str], tuple[str, ...]] = {}

    def compared(self, pinned: Contract, route: Route) -> tuple[str, ...]:
        """One sentence on the comparison; none while another thread makes it."""
        key = (pinned.address, digest(pinned))
        with self._lock:
            if key in self._told:
                return self._told[key]
            self._told[key] = ()
        self._told[key] = told = (self._comparison(pinned, route),)
        return told

    def _comparison(self, pinned: Contract, route: Route) -> str:
        try:
            published = fetch_contract(
                self._session,
                pinned.address,
                clock=self._clock,
                credentials=route.credentials,
                reload=True,
                connect_timeout_s=route.connect_timeout_s,
                ca_file=route.ca_file,
            )
        except Exception as error:  # noqa: BLE001  the fault that led here must not be hidden
            return f"the published WSDL cannot be compared with the pinned one: {error}"
        if published.files == pinned.files:
            return "the published WSDL is the pinned one"
        return (
            "the published WSDL differs from the pinned one: delete the folder of "
            f"{pinned.address} in wsdl_cache to pin the published one"
        )
