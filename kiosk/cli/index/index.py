"""`kiosk index`: what the election board does for the happiness index, from the keys to the report. No verb needs a network."""

from __future__ import annotations

import click

from kiosk.cli.index.cards import cards
from kiosk.cli.index.common import Verbs
from kiosk.cli.index.counting import count, open_outer
from kiosk.cli.index.keys import keys
from kiosk.cli.index.polls import poll, show
from kiosk.cli.index.remarks import remarks
from kiosk.cli.index.report import report
from kiosk.cli.index.slips import cancel, shred, slips


@click.group(cls=Verbs)
def index() -> None:
    """Hold an anonymous ballot: keys, poll, slips, count, report; on a laptop without a network."""


for each in (keys, poll, show, slips, cards, shred, cancel, open_outer, count, remarks, report):
    index.add_command(each)
