"""What the board's verbs share: their arguments, and how what is wrong is said."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kiosk.board.refused import Missing, NotSo
from kiosk.cli.common import MISUSED, fail
from kiosk.cli.files import OutFile, why_not, wrong_place
from kiosk.language import _
from kiosk.settings.table import BadSettings

if TYPE_CHECKING:
    from kiosk.board.files import Known

F = TypeVar("F", bound=Callable[..., Any])
EXTRA: Final = "index"
SECRET: Final = 0o600

a_file: Final = click.Path(path_type=Path, dir_okay=False)
poll_argument: Final = click.argument("poll", type=a_file)
share_option: Final = click.option(
    "--share",
    "shares",
    type=a_file,
    multiple=True,
    required=True,
    help="A custodian's share; given twice, or three times.",
)


class Verbs(click.Group):
    """What a file or a person got wrong is said plainly, whichever verb meets it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with said_plainly():
            return super().invoke(ctx)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Exit code 2 for what is wrong, 1 for what is not enough, with a sentence for each."""
    try:
        yield
    except BadSettings as error:
        fail("\n".join(error.errors), MISUSED, error.errors)
    except NotSo as error:
        fail(str(error), MISUSED)
    except Missing as error:
        fail(str(error))
    except BrokenPipeError:  # whoever reads our words has heard enough
        raise
    except OSError as error:
        fail(_("{file}: {wrong}", file=error.filename or _("the stick"), wrong=why_not(error)))


def out_option(default: str, *forms: str) -> Callable[[F], F]:
    """The file that a verb writes."""
    return click.option("--out", type=OutFile(*forms), default=default, show_default=True, help="The file to be made.")


def is_free(*paths: Path) -> None:
    """Whether these files can be made, each of its own name, and none of them is there yet. Raises NotSo."""
    if len({path.resolve() for path in paths}) < len(paths):
        raise NotSo(_("{file}: two files cannot have one name", file=paths[0]))
    for path in paths:
        if wrong := wrong_place(path, new=True):
            raise NotSo(_("{file}: {wrong}", file=path, wrong=wrong))


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file where there is none yet, and have it on the disk. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def key_of(shares: Sequence[Path], key: str, known: Known) -> bytes:
    """The private key A or B of that poll, from its custodians' shares."""
    from kiosk.board.shares import private_key, read_share  # noqa: PLC0415

    public = known.poll.outer_key if key == "A" else known.poll.inner_key
    return private_key([read_share(each) for each in shares], key, public)
