"""What a command of root makes in a home is for the account of the adapter to go on with."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def give(made: int | Path, folder: Path) -> None:
    """Make a new file or folder belong to whoever owns `folder`, where root has made it.

    Args:
        made: An open file, or a path; where a link has taken its place, the link alone is given.
        folder: Whose owner it is to have.

    Raises:
        OSError: There is no such path.
    """
    if sys.platform != "win32" and not os.geteuid():
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid, follow_symlinks=isinstance(made, int))
