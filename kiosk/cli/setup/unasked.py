"""What a file of answers has done beside the settings: network, enrolment, start."""

from __future__ import annotations

from pathlib import Path

from kiosk.cli.act.enrol import enrolled_at
from kiosk.cli.common import NOT_REACHABLE, WRONG, fail, say
from kiosk.cli.setup import nmcli
from kiosk.cli.setup.answers import Answers
from kiosk.cli.setup.draft import Draft
from kiosk.cli.setup.network import connect
from kiosk.cli.setup.programs import has_systemd, started
from kiosk.cli.setup.steps import Step
from kiosk.foreign import visible
from kiosk.language import _

SETTINGS = {Step.STATION: "station", Step.DOOR: "doors", Step.READER: "scanners", Step.SENSORS: "sensors"}


def carry_out(draft: Draft, told: Answers, root: Path = Path("/")) -> str:
    """In order; the six words of an enrolment. What fails ends the program, and the next call goes on behind what is done."""
    words = ""
    for step, table in SETTINGS.items():
        draft.passed(step, done=table in told.settings)
    if told.network is None:
        draft.passed(Step.NETWORK, done=False)
    elif Step.NETWORK not in draft.progress.done:
        try:
            connect(told.network)
        except nmcli.Failed as error:
            fail(visible(_("The network: {why}", why=error)), NOT_REACHABLE)
        draft.passed(Step.NETWORK, done=True)
    settings = draft.settings
    assert settings is not None  # noqa: S101  it was checked whole
    if told.enrolment is None:
        draft.passed(Step.ENROLMENT, done=False)
    elif Step.ENROLMENT not in draft.progress.done:
        words = enrolled_at(settings, told.enrolment.url, told.enrolment.claim)
        draft.passed(Step.ENROLMENT, done=True)
    why = started(settings, root)
    if why and has_systemd(root):
        fail(_("The programs: {why}\nNext: journalctl -u kiosk-station -n 50", why=why), WRONG)
    draft.passed(Step.PROGRAMS, done=not why)
    if why:
        say(visible(why))
    return words
