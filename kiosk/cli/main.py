"""`kiosk`: one command with a verb for each thing."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from kiosk import __version__
from kiosk.cli import terminal
from kiosk.cli.language import install, translated
from kiosk.language import _

GROUPS: Final = {
    "Look": {
        "status": ("kiosk.cli.look.status:status", "Show the station on one screen."),
        "doctor": ("kiosk.cli.doctor.doctor:doctor", "Check everything; say what is wrong and which command mends it."),
        "log": ("kiosk.cli.look.log:log", "Show what happened, in words."),
        "watch": ("kiosk.cli.look.watch:watch", "Show the station on one screen, as it changes."),
        "queue": ("kiosk.cli.look.queue:queue", "Show what waits for the central server, since when, and why."),
        "report": (
            "kiosk.cli.doctor.report:report",
            "Write a file for whoever helps from afar, without keys, codes or whole pseudonyms.",
        ),
        "logbook": ("kiosk.cli.look.logbook:logbook", "Show, verify or export the logbook."),
    },
    "Act": {
        "door": ("kiosk.cli.act.door:door", "Open, hold, evacuate, lock down or release a door."),
        "maintenance": (
            "kiosk.cli.act.maintenance:maintenance",
            "Arm or end maintenance, which lets a technician see more.",
        ),
        "update": ("kiosk.cli.act.update:update", "Take a signed update, try it, and keep it or go back."),
    },
    "Try": {
        "test": (
            "kiosk.cli.trial.trials:test",
            "Try the lock, the exit button, lamps, camera, sensors or network; all: commission.",
        ),
        "scan": ("kiosk.cli.trial.scan:scan", "Show what the camera reads now, and why it would open the door or not."),
        "pass": ("kiosk.cli.trial.passes:pass_", "Make a pass, or explain one."),
        "simulate": ("kiosk.cli.trial.simulate:simulate", "Try the settings' rules on a day in virtual time."),
        "replay": (
            "kiosk.cli.trial.replay:replay",
            "Save a station's recent events, and run them through the rules again.",
        ),
        "demo": ("kiosk.cli.trial.demo:demo", "Run a whole station on simulated hardware and tell what happens."),
    },
    "Set up": {
        "setup": ("kiosk.cli.setup.setup:setup", "Lead a fresh card to the first opened door, step by step."),
        "config": ("kiosk.cli.act.config:config", "Check, show or explain the settings."),
        "enrol": ("kiosk.cli.act.enrol:enrol", "Make this station known to a central server."),
        "completion": ("kiosk.cli.completion:completion", "Print the completion for bash or zsh."),
    },
    "At the centre": {
        "central": ("kiosk.cli.central.central:central", "Run and use the central server."),
        "root": ("kiosk.cli.root:root", "Make and use the root key, on a computer without a network."),
    },
    "At the election board": {
        "index": (
            "kiosk.cli.index.index:index",
            "Hold an anonymous ballot: keys, poll, slips, count, report; on a laptop without a network.",
        ),
    },
    "The programs, which systemd runs": {
        "station": (
            "kiosk.cli.act.programs:station",
            "Run the program that holds the lock, the rules and the logbook.",
        ),
        "scanner": (
            "kiosk.cli.trial.scanner:scanner",
            "Run the program that reads codes; read pictures; show what the camera sees.",
        ),
        "sensors": (
            "kiosk.cli.look.sensors:sensors",
            "Run the program that reads the appliances; read them once; draw a day.",
        ),
        "sync": ("kiosk.cli.act.programs:sync", "Run the program that talks to the central server."),
        "screen": (
            "kiosk.cli.act.programs:screen",
            "Run the program that shows a page for the display at the door.",
        ),
        "desk": (
            "kiosk.cli.act.programs:desk",
            "Run the program that shows a page for the display inside, to rate the station by.",
        ),
        "browser": (
            "kiosk.cli.act.programs:browser",
            "Run a browser on a display, until its page falls silent.",
        ),
    },
}
"""By what one wants, the most used first: each verb with where it is, and its line in the help, which needs no import."""

VERBS: Final = {name: verb for group in GROUPS.values() for name, verb in group.items()}

DEFAULT_CONFIG: Final = "/etc/kiosk/station.toml"


WIDTH: Final = max(map(len, VERBS))


class Verbs(click.Group):
    """A group that imports a verb when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, the most used first."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, imported."""
        del ctx
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101  for mypy
        return translated(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb; for one that is not there, those that may be meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as unknown:
            from kiosk.settings.table import did_you_mean  # noqa: PLC0415  only who mistypes waits for it

            word = unknown.command_name
            below = [f"kiosk {verb} {word}" for verb in VERBS if word in self._below(ctx, verb)]
            near = did_you_mean(word, VERBS) if not below else _(", did you mean {word}?", word=_(" or ").join(below))
            raise click.UsageError(_("No such verb: {word}", word=word) + near, ctx) from None

    def _below(self, ctx: click.Context, verb: str) -> list[str]:
        command = self.get_command(ctx, verb)
        return [*command.commands] if isinstance(command, click.Group) else []

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with their lines, by what one wants, without importing any."""
        del ctx
        for heading, verbs in GROUPS.items():
            with formatter.section(_(heading)):
                formatter.write_dl([(f"{name:<{WIDTH}}", _(line)) for name, (_where, line) in verbs.items()])


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kiosk", message=_("%(prog)s, version %(version)s"))
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=lambda: Path(os.environ.get("KIOSK_CONFIG", DEFAULT_CONFIG)),
    show_default=DEFAULT_CONFIG,
    help="The settings file; also from KIOSK_CONFIG.",
)
@click.pass_context
def main(ctx: click.Context, config: Path) -> None:
    """Run and look after a rest station's door.

    Exit codes: 0 fine, 1 something is wrong, 2 misused, 3 not reachable.
    """
    if not config.name:
        raise click.BadParameter(_("is a folder; name a file in it"), ctx, param_hint="--config")
    ctx.obj = config


def run() -> None:
    """The command, in the technician's language."""
    terminal.install()
    install()
    translated(main)
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # kiosk.__main__ had it so
            signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.exit(main.main(prog_name="kiosk", standalone_mode=False))
    except (click.Abort, KeyboardInterrupt):
        from kiosk.cli.common import echo  # noqa: PLC0415

        echo(_("Aborted!"), err=True)
        sys.exit(1)
    except click.ClickException as error:
        _tell(error)
        sys.exit(error.exit_code)
    except OSError as error:
        _refused(error)
        sys.exit(1)


def _refused(error: OSError) -> None:
    """What the system refused that no verb had words of its own for; whoever reads our words may be it (/dev/full)."""
    from kiosk.cli.common import echo  # noqa: PLC0415
    from kiosk.cli.files import why_not  # noqa: PLC0415

    with suppress(OSError):
        sys.stdout.close()
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  until the end
    with suppress(OSError):
        echo(
            _("Error: {message}", message=": ".join(filter(None, (str(error.filename or ""), why_not(error))))),
            err=True,
        )


def _tell(error: click.ClickException) -> None:
    """As click would, but through the one place that prints: what was mistyped may have been pasted."""
    from kiosk.cli.common import echo  # noqa: PLC0415  only who mistypes waits for it

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        command, option = error.ctx.command_path, error.ctx.help_option_names[0]
        echo(error.ctx.get_usage(), err=True)
        echo(_("Try '{command} {option}' for help.", command=command, option=option) + "\n", err=True)
    echo(_("Error: {message}", message=error.format_message()), err=True)
