"""`kiosk central audit`: what operators did, and whether all of it still stands there as it was written."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.central.scope import Scope
from kiosk.cli.central.folder import SCOPE, folder_option, looked_into
from kiosk.cli.common import answer, as_json, echo, fail, json_too, print_json
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.wording.words import when, word


@click.group()
def audit() -> None:
    """Show what operators did, or prove that nothing of it was changed."""


@audit.command("list")
@click.argument("prefix", type=SCOPE, default="")
@click.option("-n", "count", type=click.IntRange(1), default=50, show_default=True, help="How many, the newest.")
@folder_option
@as_json
def list_(prefix: str, count: int, folder: Path, as_json: bool) -> None:
    """List the newest acts, of all stations or those whose code begins with PREFIX."""
    found = looked_into(folder).acts(Scope(prefix), most=count)
    if as_json:
        print_json(found)
        return
    for each in reversed(found):
        why = f"{_(': ')}{visible(each.reason)}" if each.reason else ""
        echo(f"{each.number}  {when(each.at)}  {visible(each.account)}  {word(each.what)}  {visible(each.about)}{why}")
    if not found:
        echo(_("Nothing was done yet."))


@audit.command()
@click.option(
    "--head", default="", help="A head that was kept elsewhere, in hexadecimal: the chain must lead through it."
)
@folder_option
@json_too
def verify(head: str, folder: Path) -> None:
    """Prove that no act was changed, taken out, put in or moved. Exit code 1 where one was."""
    store = looked_into(folder)
    broken, end = store.broken_audit(), store.audit_head()
    if broken is not None:
        fail(_("From act {number} on the audit is not what was written.", number=broken))
    if head and not store.has_act(head.lower()):
        fail(_("No act has the digest {head}: the whole chain was written anew.", head=head))
    words = _("{count} acts, all as they were written; the head is {head}", count=end.number, head=end.digest.hex())
    answer(words, acts=end.number, head=end.digest.hex())
