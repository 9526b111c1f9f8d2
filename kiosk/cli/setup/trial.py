"""The last step: the commissioning."""

from __future__ import annotations

import click

from kiosk.cli.common import view_or_none
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import Skipped, begins, missed
from kiosk.cli.trial.trials import test
from kiosk.language import _


def ask_trial(desk: Desk) -> None:
    """`kiosk test all`, in the folder where whoever sits there is."""
    begins(Step.TRIAL, _("You need a valid pass, and somebody inside for the exit button. It ends with a report."))
    settings = desk.settings
    if settings is None or view_or_none(settings) is None:
        missed(_("The station does not answer."), "sudo kiosk setup programs", "kiosk doctor")
        raise Skipped
    context = click.get_current_context()
    try:
        context.invoke(test, what="all")
    except SystemExit as ended:
        if ended.code:
            missed(_("Not everything passed."), "kiosk doctor", "kiosk test all")
            raise Skipped from None
