"""One way to put a file in another's place: at once or not at all, whatever happens on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """What is written within the block stands at `path` when it ends well, flushed. Raises OSError.

    It is made with `mode`; whoever wants more for it, or another owner, gives it that within the block.
    """
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
