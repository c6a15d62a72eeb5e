"""Every check, the most basic first."""

from __future__ import annotations

from adapter.doctor.check import Check
from adapter.doctor.configuration import CONFIGURATION_CHECKS
from adapter.doctor.database import DATABASE_CHECKS
from adapter.doctor.files import FILE_CHECKS
from adapter.doctor.home import HOME_CHECKS
from adapter.doctor.machine import MACHINE_CHECKS
from adapter.doctor.network import NETWORK_CHECKS
from adapter.doctor.service import SERVICE_CHECKS
from adapter.doctor.staging import STAGING_CHECKS
from adapter.doctor.stored_process import STORED_PROCESS_CHECKS

CHECKS: tuple[Check, ...] = (
    *MACHINE_CHECKS,
    *HOME_CHECKS,
    *CONFIGURATION_CHECKS,
    *DATABASE_CHECKS,
    *SERVICE_CHECKS,
    *NETWORK_CHECKS,
    *STORED_PROCESS_CHECKS,
    *FILE_CHECKS,
    *STAGING_CHECKS,
)

BY_ID = {check.id: check for check in CHECKS}
