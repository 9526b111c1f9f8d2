"""`kiosk demo`: a whole station on this machine."""

from __future__ import annotations

import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.act.door import Duration
from kiosk.cli.common import MISUSED, WRONG, as_json, ended_by, fail, print_json
from kiosk.cli.files import why_not
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings.table import BadSettings

if TYPE_CHECKING:
    from rich.console import Console

    from kiosk.demo.run import Summary


@click.command()
@click.option(
    "--story",
    type=click.Choice(["door", "services"]),
    default="door",
    show_default=True,
    help="Those who come to a door; or a bus with a cupboard: an exam week, a raincoat, a doctor, a medicine, two stops.",
)
@click.option("--for", "seconds", type=Duration(), help="End by itself after this long, e.g. 40s. Default: Ctrl-C.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep everything but the film in this new folder."
)
@click.option("--film", is_flag=True, help="With --keep: the film too, some 160 MB.")
@as_json
def demo(story: str, seconds: float | None, keep: Path | None, film: bool, as_json: bool) -> None:
    """Run a central server and all programs on simulated hardware, and tell what happens.

    Exit code 1 unless a valid pass opened the door, a forged, an expired, a revoked and a replayed one did not, and the
    central server holds every entry exactly once. The story of services ends by itself: exit code 1 unless each of its
    scenes came to its end.
    """
    from rich.console import Console  # noqa: PLC0415

    from kiosk.decoding import learn_types  # noqa: PLC0415
    from kiosk.demo.place import DemoFailed  # noqa: PLC0415
    from kiosk.demo.run import run_demo  # noqa: PLC0415
    from kiosk.demo.script import LENGTH  # noqa: PLC0415
    from kiosk.demo.services import run_services  # noqa: PLC0415
    from kiosk.local import NotReachable  # noqa: PLC0415

    if story == "services" and (seconds is not None or film):
        fail(_("--for and --film go with the story of the door"), MISUSED)
    if seconds is not None and seconds < LENGTH:
        fail(_("The story takes {seconds:g} s; --for must be at least that.", seconds=LENGTH), MISUSED)
    if film and not keep:
        fail(_("--film goes with --keep FOLDER"), MISUSED)
    console = Console(stderr=as_json)
    learn_types()
    try:
        with ended_by((signal.SIGHUP, signal.SIGTERM), _as_shells_say), _folder(keep) as folder:
            if story == "services":
                summary = run_services(folder.resolve(), console)
            else:
                summary = run_demo(folder.resolve(), seconds, console, keep_film=film)
    except (DemoFailed, BadSettings, sqlite3.Error) as error:
        fail(str(error), WRONG)
    except NotReachable:
        fail(
            _("The demo's station closed the connection. A very busy machine does that: try again when it is less so."),
            WRONG,
        )
    except OSError as error:
        fail(_("The demo cannot run here: {why}", why=why_not(error)))
    complete = seconds is not None or story == "services"
    tell_summary(console, summary, complete=complete)
    if as_json:
        print_json(summary)
    sys.exit(0 if summary.ok or not complete else WRONG)


def _as_shells_say(number: int) -> SystemExit:
    return SystemExit(128 + number)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The new folder that everything is kept in, or one that goes at the end."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="kiosk-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    if keep.exists() and any(keep.iterdir()):
        fail(_("{folder} is not empty; name a new folder.", folder=keep), MISUSED)
    keep.mkdir(parents=True, exist_ok=True)
    yield keep


def tell_summary(console: Console, summary: Summary, *, complete: bool) -> None:
    """Print the summary in words; what an incomplete run has not shown is no failure."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from kiosk.demo.words import reason_name  # noqa: PLC0415

    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    lock = summary.picture_to_lock_ms
    table.add_row(_("let in"), str(summary.granted))
    table.add_row(
        _("refused"),
        _(", ").join(f"{reason_name(reason)} {count}" for reason, count in summary.denied.items()) or _("nobody"),
    )
    if lock:
        table.add_row(_("picture to lock"), _("median {p50:g} ms, 95 % within {p95:g} ms, of {n:g}", **lock))
    table.add_row(_("entries: here / centre"), f"{summary.entries_local} / {summary.entries_central}")
    table.add_row(_("missing / twice"), f"{summary.missing} / {summary.duplicates}")
    table.add_row(_("most that waited"), _("{count} entries", count=summary.most_waiting))
    console.print()
    console.print(table)
    for failure in summary.failures:
        console.print(Text(visible(f"✘ {failure}" if complete else f"· {failure}"), style="red" if complete else "dim"))
    if summary.ok:
        console.print(f"✔ {_('Everything is as it must be.')}", style="green")
