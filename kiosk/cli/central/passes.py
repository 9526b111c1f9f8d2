"""`kiosk central passes`: whose they are, and what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.central.folder import (
    NAME,
    SCOPE,
    TEXT,
    by,
    folder_option,
    list_published,
    list_said,
    looked_into,
    opened,
)
from kiosk.cli.central.holders import orders_of
from kiosk.cli.common import MISUSED, WRONG, answer, as_json, echo, fail, json_too, print_json
from kiosk.cli.files import PICTURE
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.trust.passes import PassClass
from kiosk.trust.status import Status
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.passes import Issued, Passes
    from kiosk.central.store import CentralStore
    from kiosk.central.store.people import Credential

HOLDS: Any = 60 * 86_400
"""Seconds for which a pass holds unless somebody says otherwise."""

number_option = click.option(
    "--number", type=click.IntRange(1), help="Which of that holder's; default: the one that counts."
)
until_option = click.option(
    "--until", type=NAME, default="", help="Its last day, such as 2027-12-31. Default: 60 days."
)
out_option = click.option("--out", type=PICTURE, help="Write a printable QR: .png, .svg or .pdf.")
show_option = click.option("--show", is_flag=True, help="Print the QR in the terminal.")
reason_option = click.option("--reason", type=TEXT, required=True, help="Why, for whoever looks at it later.")


@click.group(invoke_without_command=True)
@click.option("--holder", type=NAME, help="The union's pseudonym for the holder.")
@click.option("--reason", type=TEXT, default="", help="Why the index is wanted, by which stations know a pass.")
@folder_option
@as_json
@click.pass_context
def passes(ctx: click.Context, holder: str | None, reason: str, folder: Path, as_json: bool) -> None:
    """Find, issue, renew, replace, suspend and revoke passes; with --holder and --reason, the index of each of one holder."""
    if ctx.invoked_subcommand is not None:
        return
    if holder is None:
        fail(_("Whose? Next: kiosk central passes --holder HOLDER, or: kiosk central passes find"), MISUSED)
    if not reason.strip():
        next_ = _("Next: kiosk central passes --holder {holder} --reason TEXT", holder=visible(holder))
        fail(_("Whoever knows an index can follow somebody's way. This asks for a reason.") + " " + next_, MISUSED)
    found = _looked_up(folder, holder, reason)
    if as_json:
        print_json([{"index": each.index, "status": each.status.name.lower()} for each in found])
        return
    for each in found:
        echo(_("credential {index}: {status}", index=each.index, status=word(each.status.name.lower())))
    if not found:
        echo(_("No credentials of that holder. Next: kiosk central passes issue {holder}", holder=visible(holder)))


def _looked_up(folder: Path, holder: str, reason: str) -> list[Credential]:
    """The credentials of a holder; it stands in the audit that somebody knows them."""
    from kiosk.central.passes import Passes  # noqa: PLC0415

    store, issuer = opened(folder)
    found, acts = store.credentials(holder), Passes(store, issuer)
    with store.transaction():
        for each in found:
            acts.look_up(each, by(reason))
    return found


@passes.command()
@click.argument("words", type=NAME, default="")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, the newest.")
@folder_option
@as_json
def find(words: str, count: int, folder: Path, as_json: bool) -> None:
    """List the passes whose holder or card number begins with WORDS; without WORDS the newest of all."""
    found = looked_into(folder).find_credentials(words, most=count)
    if as_json:
        print_json([_facts(each) for each in found])
        return
    for each in found:
        echo(_line(each))
    if not found:
        echo(_("No such passes. Next: kiosk central passes issue HOLDER"))


def _line(each: Credential) -> str:
    facts = each.facts
    until = _("until {day}", day=when(facts.until, form="%Y-%m-%d")) if facts.until else ""
    what = (f"{each.holder:<20} {each.number}", facts.card, word(PassClass(facts.pass_class).name.lower()), until)
    why = f"{word(each.state)}{_(': ')}{facts.reason}" if facts.reason else word(each.state)
    return visible("  ".join(filter(None, (*what, facts.scope or _("every station"), why))))


def _facts(each: Credential) -> dict[str, object]:
    """For machines; without the index, which tells whose the entries are."""
    facts = each.facts
    return {
        "holder": each.holder,
        "number": each.number,
        "card": facts.card,
        "class": PassClass(facts.pass_class).name.lower(),
        "scope": facts.scope,
        "district": facts.district,
        "until": facts.until,
        "state": each.state,
        "changed": facts.changed,
        "changed_by": facts.changed_by,
        "reason": facts.reason,
    }


@passes.command()
@click.argument("holder", type=NAME)
@click.option("--card", type=NAME, default="", help="The number that is printed on the card.")
@click.option("--class", "class_", type=click.Choice([each.name.lower() for each in PassClass]), default="worker")
@click.option(
    "--scope", type=SCOPE, default="", help="Where it holds: the first digits of station codes. Default: everywhere."
)
@click.option(
    "--district", type=SCOPE, default="", help="Whose issuers look after it: the first digits of station codes."
)
@until_option
@out_option
@show_option
@folder_option
@json_too
def issue(holder: str, card: str, class_: str, scope: str, district: str, until: str, folder: Path, **to: Any) -> None:
    """Issue a pass to HOLDER, who is known here by a pseudonym and never by a name."""
    from kiosk.central.passes import Wanted, wrong_with  # noqa: PLC0415

    wanted = Wanted(holder, _end(until), card, PassClass[class_.upper()], scope, district)
    if wrong := [f"{field}: {why}" for field, why in wrong_with(wanted, time.time())]:
        fail("\n".join(wrong), MISUSED, wrong)
    _hand_out(folder, lambda acts, _store: acts.issue(wanted, by("")), **to)


@passes.command()
@click.argument("holder", type=NAME)
@number_option
@until_option
@out_option
@show_option
@folder_option
@json_too
def renew(holder: str, number: int | None, until: str, folder: Path, **to: Any) -> None:
    """Let the pass of HOLDER hold longer: it keeps its place in every list, and a card that is printed anew is the same one."""
    ends = _end(until)
    _hand_out(folder, lambda acts, store: acts.renew(_one(store, holder, number), ends, by("")), **to)


@passes.command("replace")
@click.argument("holder", type=NAME)
@click.option("--card", type=NAME, default="", help="The number that is printed on the new card.")
@number_option
@reason_option
@out_option
@show_option
@folder_option
@json_too
def replace_(holder: str, card: str, number: int | None, reason: str, folder: Path, **to: Any) -> None:
    """Give HOLDER another card in place of one that is lost, which is revoked."""
    from kiosk.central.passes import wrong_card  # noqa: PLC0415

    if wrong := wrong_card(card):
        fail(f"card: {wrong}", MISUSED)
    _hand_out(folder, lambda acts, store: acts.replace(_one(store, holder, number), card, by(reason)), **to)


@passes.command()
@click.argument("holder", type=NAME)
@number_option
@reason_option
@folder_option
@json_too
def revoke(holder: str, number: int | None, reason: str, folder: Path) -> None:
    """Revoke the pass of HOLDER at every station."""
    _set_status(holder, number, Status.REVOKED, reason, folder)


@passes.command()
@click.argument("holder", type=NAME)
@number_option
@reason_option
@folder_option
@json_too
def suspend(holder: str, number: int | None, reason: str, folder: Path) -> None:
    """Suspend the pass of HOLDER for a while."""
    _set_status(holder, number, Status.SUSPENDED, reason, folder)


@passes.command()
@click.argument("holder", type=NAME)
@number_option
@reason_option
@folder_option
@json_too
def restore(holder: str, number: int | None, reason: str, folder: Path) -> None:
    """Make the pass of HOLDER valid again."""
    _set_status(holder, number, Status.VALID, reason, folder)


@passes.command()
@click.argument("holder", type=NAME)
@number_option
@click.option("--reason", type=TEXT, default="", help="Why, for a technician's or a steward's pass.")
@folder_option
@json_too
def code(holder: str, number: int | None, reason: str, folder: Path) -> None:
    """Make a code with which HOLDER gets the pass onto a phone: good once, for ten minutes."""
    from kiosk.central.pass_codes import make_code  # noqa: PLC0415
    from kiosk.central.passes import NotSo  # noqa: PLC0415
    from kiosk.central.store.pass_codes import CODE_HOLDS  # noqa: PLC0415

    store, issuer = opened(folder)
    if not store.addresses.passes:
        fail(_("There is no page with a pass. Next: say its address in central.toml, [addresses] passes"))
    now = issuer.now()
    try:
        made = make_code(store, _one(store, holder, number), by(reason), now)
    except NotSo as error:
        fail(str(error), MISUSED if error.field == "reason" else WRONG)
    address = f"{store.addresses.passes}/pass"
    echo(_("at {address}, until {time}", address=address, time=when(now + CODE_HOLDS, form="%H:%M")), err=True)
    answer(made, code=made, address=address, until=now + CODE_HOLDS)


@passes.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--district", type=SCOPE, default="", help="Whose issuers look after them: the first digits of station codes."
)
@click.option(
    "--only-right", is_flag=True, help="Take in the lines that are right, and leave out those that are wrong."
)
@click.option("--dry-run", is_flag=True, help="Only say what is wrong, and what would become of it.")
@folder_option
@json_too
def import_(file: Path, district: str, only_right: bool, dry_run: bool, folder: Path) -> None:
    """Take in holders from FILE (CSV or XLSX): columns holder, until, and card, class, scope, district where they are wanted.

    Whoever has no pass gets a credential; whose pass is there already keeps it, until the new day.
    """
    from kiosk.central.passes import Passes  # noqa: PLC0415

    store, issuer = opened(folder)
    found = orders_of(file, store, district, stops=not only_right and not dry_run)
    facts = {"new": len(found.new), "renewed": len(found.renewed), "wrong": found.wrong_lines}
    if dry_run:
        answer(_("It would take in {new} new and {renewed} renewed; nothing was taken in.", **facts), **facts)
        return
    Passes(store, issuer).register(found.new, found.renewed, district, by(""))
    answer(_("{new} new and {renewed} renewed; {wrong} lines were left out", **facts), **facts)


def _end(until: str) -> float:
    from kiosk.central.people_file import end_of  # noqa: PLC0415

    ends = end_of(until) if until else time.time() + HOLDS
    if ends is None:
        fail(_("--until: is no day, such as 2027-12-31: {text}", text=visible(until)), MISUSED)
    return ends


def _one(store: CentralStore, holder: str, number: int | None) -> Credential:
    """The one that is meant; else exit code 1."""
    found = store.credentials(holder)
    meant = [each for each in found if each.number == number or (number is None and each.counts)]
    if len(meant) > 1:
        fail(
            _(
                "{holder} has {count} that count. Next: say which, with --number",
                holder=visible(holder),
                count=len(meant),
            )
        )
    if not meant:
        fail(_("{holder} has no such pass. Next: kiosk central passes find {holder}", holder=visible(holder)))
    return meant[0]


def _hand_out(folder: Path, does: Callable[[Passes, CentralStore], Issued], *, out: Path | None, show: bool) -> None:
    """Do it, and print the pass: nobody can print it again, but a new one for the same credential."""
    from kiosk.central.passes import NotSo, Passes  # noqa: PLC0415
    from kiosk.cli.trial.passes import qr, save  # noqa: PLC0415

    store, issuer = opened(folder)
    try:
        issued = does(Passes(store, issuer), store)
    except NotSo as error:
        fail(f"{error.field}: {error}")
    list_published(store, issuer)
    echo(_line(issued.credential), err=True)
    answer(issued.text, code=issued.text, **_facts(issued.credential))
    picture = qr(issued.text, "card")
    if out:
        save(picture, out)
        echo(_("written: {file}", file=out), err=True)
    if show:
        picture.terminal(compact=True)


def _set_status(holder: str, number: int | None, status: Status, reason: str, folder: Path) -> None:
    from kiosk.central.passes import NotSo, Passes  # noqa: PLC0415

    if not reason.strip():
        fail(_("This asks for a reason."), MISUSED)
    store, issuer = opened(folder)
    found = store.credentials(holder)
    held = _one(store, holder, number or _last(found, status))
    try:
        Passes(store, issuer).set_status([held], status, by(reason))
    except NotSo as error:
        fail(str(error))
    version = list_published(store, issuer)
    facts = _facts(store.credential(held.index) or held)
    words = _(
        "{holder}: {status}; {list}", holder=visible(holder), status=word(facts["state"]), list=list_said(version)
    )
    answer(words, **facts, version=version)


def _last(found: list[Credential], status: Status) -> int | None:
    """Whoever is to count again counts no longer: the newest of them is meant, if none counts."""
    none_counts = status is Status.VALID and not any(each.counts for each in found)
    return found[-1].number if none_counts and found else None
