"""What can go wrong while files are staged; nothing was sent to SAS in any case."""

from __future__ import annotations

from adapter.core.failures import DeliveryError, Effect


class StageError(DeliveryError):
    """The files of a delivery are not here."""

    effect = Effect.NOT_SENT


class FileUnavailable(StageError):
    """The file host does not answer, fails, or broke off."""

    code = "FILE_UNAVAILABLE"
    remedy = "Check that this machine reaches the file host, and the firewall between."


class FileHostRefused(StageError):
    """A link leads to a host that files may not be fetched from."""

    code = "FILE_HOST_REFUSED"
    remedy = "Name the host in stage_hosts if files may be fetched from it."


class FileTooLarge(StageError):
    """A file has more bytes than stage_max allows."""

    code = "FILE_TOO_LARGE"
    remedy = "Raise stage_max if files of this size are meant to be fetched."


class StageMismatch(StageError):
    """Metadata file and data file do not belong together."""

    code = "STAGE_MISMATCH"
    remedy = "Look at the outbound data of the task in CI 360, and run it again."


class StageDiskFull(StageError):
    """There is no room for the file, or its folder cannot be written."""

    code = "STAGE_DISK_FULL"
    remedy = "Make room on the disk of var/staged and let the adapter write there."


class StageCrashed(StageError):
    """The adapter itself failed while it fetched or checked the files; it tries again."""

    code = "STAGE_CRASHED"
    remedy = "Look at the entry `crash` of the log and report it; the files are fetched again."


class NotStaged(StageError):
    """The delivery was to be sent before its files were here; they are fetched first."""

    code = "NOT_STAGED"
    remedy = "Nothing need be done: the files are being fetched."
