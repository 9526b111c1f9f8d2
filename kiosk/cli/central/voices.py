"""`kiosk central voices`: what people say of stations, whose it is, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.accounts import ACCOUNT
from kiosk.cli.central.folder import SCOPE, Words, at_the_server, folder_option, looked_into
from kiosk.cli.common import answer, as_json, echo, fail, json_too, print_json
from kiosk.core.desk.vocabulary import LONGEST_TEXT, PLACES
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.wording.words import place_word, when, word

if TYPE_CHECKING:
    from kiosk.central.cases import Evidence
    from kiosk.central.store import CentralStore
    from kiosk.central.voices.case import Act, Answer, Case
    from kiosk.central.voices.rounds import Texts

NUMBER = click.IntRange(1, 2**53)
OWNER = Words(ACCOUNT, lambda: _("is no account's name: small letters, digits, and . _ - between them"))
SAYS = Words(f"[^\ud800-\udfff\0]{{1,{LONGEST_TEXT}}}", lambda: _("is empty, too long, or no Unicode"))
WHOM = Words("[^\ud800-\udfff\0-\x1f]{1,100}", lambda: _("is empty, too long, or no Unicode"))
place_option = click.option(
    "--place", type=click.Choice(PLACES), help="Of this kind of place alone; without it of any."
)


@click.group()
def voices() -> None:
    """List what people say of stations, say who answers for it, and answer."""


@voices.command("list")
@click.argument("prefix", type=SCOPE, default="")
@click.option("--owner", type=OWNER, help="Only those that this account owns.")
@click.option("--all", "ended", is_flag=True, help="Those that are answered, too.")
@click.option("--overdue", is_flag=True, help="Only those that nobody owned or answered in time.")
@click.option("--urgent", is_flag=True, help="Only those of a danger or a blocked door.")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, the newest.")
@folder_option
@as_json
def list_(
    prefix: str, owner: str | None, ended: bool, overdue: bool, urgent: bool, count: int, folder: Path, as_json: bool
) -> None:
    """List the cases of stations whose code begins with PREFIX, the newest first."""
    from kiosk.central.store.voices import CaseFilter  # noqa: PLC0415
    from kiosk.central.voices.case import today  # noqa: PLC0415

    day = today(time.time())
    wanted = CaseFilter(owner or "", prefix, open=not ended or overdue, urgent=urgent, late_on=day if overdue else "")
    store = looked_into(folder)
    found = store.cases(wanted, EVERYWHERE, most=count)
    if as_json:
        print_json(found)
        return
    items = store.item_texts(found)
    for each in found:
        echo(_line(each, day, items))
    if not found:
        echo(_("No such cases."))


def _line(case: Case, day: str, items: Mapping[str, Texts]) -> str:
    from kiosk.central.voice_words import about, lateness, source_word, standing  # noqa: PLC0415

    said = when(case.said, form="%Y-%m-%d %H:%M")
    more = _("and {count} more people", count=case.too) if case.too else ""
    parts = (
        source_word(case.source),
        standing(case),
        visible(case.owner),
        lateness(case, day),
        word("urgent") if case.urgent else "",
        more,
    )
    return f"{case.number:>6}  {said}  {case.station}  {about(case, items)}  " + _(", ").join(filter(None, parts))


@voices.command()
@click.argument("number", type=NUMBER)
@folder_option
@as_json
def show(number: int, folder: Path, as_json: bool) -> None:
    """Show the case NUMBER: what was said, how the station was then, and what became of it."""
    from msgspec import json  # noqa: PLC0415

    from kiosk.central.cases import Evidence  # noqa: PLC0415

    store = looked_into(folder)
    case = _known_or_exit(store, number)
    evidence = [json.decode(each, type=Evidence) for each in store.evidence(number)]
    if as_json:
        print_json(
            {"case": case, "remarks": store.remarks(number), "evidence": evidence, "acts": store.acts_on(number)}
        )
        return
    for line in _told(store, case, evidence):
        echo(line)


def _told(store: CentralStore, case: Case, evidence: list[Evidence]) -> list[str]:
    from kiosk.central.voice_words import evidence_lines  # noqa: PLC0415
    from kiosk.central.voices.case import today  # noqa: PLC0415

    lines = [_line(case, today(time.time()), store.item_texts([case]))]
    for remark in store.remarks(case.number):
        parts = [*([remark.text] if remark.text else []), *([_("a photograph")] if remark.has_photo else [])]
        public = word("public") if remark.text_public or remark.photo_public else _("not public")
        lines.append(f"  {remark.number:>6}  {when(remark.at)}  {public}  " + " · ".join(parts).replace("\n", " "))
    lines += [f"  {line}" for each in evidence for line in evidence_lines(each)]
    for acted in store.acts_on(case.number):
        lines.append(f"  {when(acted.at)}  {word(acted.event)}  {acted.account}  {acted.words}".rstrip())
    return lines


@voices.command()
@click.argument("number", type=NUMBER)
@click.argument("owner", type=OWNER)
@folder_option
@json_too
def own(number: int, owner: str, folder: Path) -> None:
    """Say that OWNER, a steward or administrator of its station, answers for the case NUMBER."""
    from kiosk.central.voices.case import Own  # noqa: PLC0415

    _act(folder, number, Own(owner))


@voices.command("answer")
@click.argument("number", type=NUMBER)
@click.argument("text", type=SAYS)
@folder_option
@json_too
def answer_(number: int, text: str, folder: Path) -> None:
    """Say that it is done, in its owner's name: TEXT, which everybody can read."""
    from kiosk.central.voices.case import Answer, Event  # noqa: PLC0415

    _answer(folder, number, Answer(Event.DO, text))


@voices.command()
@click.argument("number", type=NUMBER)
@click.argument("text", type=SAYS)
@folder_option
@json_too
def refuse(number: int, text: str, folder: Path) -> None:
    """Say that it will not be done, and why, in its owner's name: TEXT, which everybody can read."""
    from kiosk.central.voices.case import Answer, Event  # noqa: PLC0415

    _answer(folder, number, Answer(Event.REFUSE, text))


@voices.command("pass")
@click.argument("number", type=NUMBER)
@click.argument("whom", type=WHOM)
@click.argument("text", type=SAYS)
@folder_option
@json_too
def pass_(number: int, whom: str, text: str, folder: Path) -> None:
    """Say that it was passed on to WHOM, in its owner's name: TEXT, which everybody can read."""
    from kiosk.central.voices.case import Answer, Event  # noqa: PLC0415

    _answer(folder, number, Answer(Event.HAND_ON, text, whom))


@voices.command()
@click.argument("number", type=NUMBER)
@folder_option
@json_too
def confirm(number: int, folder: Path) -> None:
    """Say that the answer to the case NUMBER is right."""
    from kiosk.central.voices.case import Event, Judge  # noqa: PLC0415

    _act(folder, number, Judge(Event.CONFIRM))


@voices.command()
@click.argument("number", type=NUMBER)
@folder_option
@json_too
def dispute(number: int, folder: Path) -> None:
    """Say that the answer to the case NUMBER is not right: it is its owner's again."""
    from kiosk.central.voices.case import Event, Judge  # noqa: PLC0415

    _act(folder, number, Judge(Event.DISPUTE))


@voices.command()
@click.argument("remark", type=NUMBER)
@click.option("--photo", is_flag=True, help="The photograph, and not the text.")
@click.option("--hide", is_flag=True, help="Take it back: from now on nobody outside sees it.")
@folder_option
@json_too
def publish(remark: int, photo: bool, hide: bool, folder: Path) -> None:
    """Let everybody read the text of REMARK, a number that `show` tells."""
    from kiosk.central.cases import Cases, NotSo  # noqa: PLC0415

    store = looked_into(folder)
    try:
        Cases(store).publish(
            remark, "photo" if photo else "text", at_the_server(), EVERYWHERE, time.time(), public=not hide
        )
    except NotSo as error:
        fail(str(error))
    words = (
        _("remark {number}: nobody sees it", number=remark) if hide else _("remark {number}: is public", number=remark)
    )
    answer(words, remark=remark, public=not hide)


@voices.group(invoke_without_command=True)
@folder_option
@as_json
@click.pass_context
def rules(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """List who owns what is said: the narrowest prefix decides, and there the place."""
    if ctx.invoked_subcommand is not None:
        return

    found = looked_into(folder).owner_rules()
    if as_json:
        print_json(found)
        return
    for each in found:
        place = place_word(each.place) if each.place else _("any place")
        echo(f"{each.prefix or _('every station'):<12}  {place}  {each.owner}")
    if not found:
        echo(_("No rules: somebody takes each case. Next: kiosk central voices rules set PREFIX NAME"))


@rules.command("set")
@click.argument("prefix", type=SCOPE)
@click.argument("owner", type=OWNER)
@place_option
@folder_option
@json_too
def set_(prefix: str, owner: str, place: str | None, folder: Path) -> None:
    """Let OWNER own what is said of stations whose code begins with PREFIX ('' for all)."""
    from kiosk.central.cases import Cases, NotSo  # noqa: PLC0415
    from kiosk.central.voices.owners import OwnerRule  # noqa: PLC0415

    try:
        Cases(looked_into(folder)).set_rule(OwnerRule(prefix, place or "", owner), at_the_server(), time.time())
    except NotSo as error:
        fail(str(error))
    answer(_("{owner} owns what is said there", owner=owner), prefix=prefix, place=place or "", owner=owner)


@rules.command()
@click.argument("prefix", type=SCOPE)
@place_option
@folder_option
@json_too
def drop(prefix: str, place: str | None, folder: Path) -> None:
    """Drop the rule for PREFIX; cases that have an owner keep them."""
    from kiosk.central.cases import Cases, NotSo  # noqa: PLC0415

    try:
        Cases(looked_into(folder)).drop_rule(prefix, place or "", at_the_server(), time.time())
    except NotSo as error:
        fail(_("{why} Next: kiosk central voices rules", why=error))
    answer(_("the rule is dropped"), prefix=prefix, place=place or "")


def _known_or_exit(store: CentralStore, number: int) -> Case:
    found = store.case(number)
    if found is None:
        fail(_("There is no case {number}. Next: kiosk central voices list --all", number=number))
    return found


def _answer(folder: Path, number: int, act: Answer) -> None:
    _act(folder, number, act, _known_or_exit(looked_into(folder), number).owner)


def _act(folder: Path, number: int, act: Act, by: str = "") -> None:
    from kiosk.central.cases import Cases, NotSo  # noqa: PLC0415
    from kiosk.central.voice_words import standing  # noqa: PLC0415

    store = looked_into(folder)
    _known_or_exit(store, number)
    try:
        case = Cases(store).act(number, act, by or at_the_server(), EVERYWHERE, time.time(), at_the_server())
    except NotSo as error:
        fail(_("{number}: {why}", number=number, why=error))
    answer(_("case {number}: {state}", number=number, state=standing(case)), number=number, state=case.state.value)
