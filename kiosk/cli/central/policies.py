"""`kiosk central policies`: those that are published, what one says, and one taken back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from kiosk.central.policy_words import effect_in_words, span_in_words
from kiosk.cli.central.folder import SCOPE, folder_option, looked_into, opened
from kiosk.cli.central.policy import policy, policy_act, show_changes, wanted_policy
from kiosk.cli.common import answer, as_json, echo, fail, json_too, print_json
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.store import CentralStore
    from kiosk.trust.policy import PolicyDocument


@click.group()
def policies() -> None:
    """List the policies that are published, show what one says, or withdraw one."""


def _published(store: CentralStore) -> dict[str, PolicyDocument]:
    """By the prefix of the stations that they are for."""
    from kiosk.central.issuer import read_policy_document  # noqa: PLC0415

    return {scope: read_policy_document(body) for scope, (_version, body) in sorted(store.published().policies.items())}


@policies.command("list")
@folder_option
@as_json
def list_(folder: Path, as_json: bool) -> None:
    """List the policies, and how many stations have each."""
    store = looked_into(folder)
    found, published = _published(store), store.published()
    having = [held[0] for code, _key, _at in store.stations() if (held := published.policy(code))]
    rows = [(scope, each, having.count(each.version)) for scope, each in found.items()]
    if as_json:
        print_json(
            [
                {"prefix": scope, "version": each.version, "issued_at": each.issued_at, "stations": count}
                for scope, each, count in rows
            ]
        )
        return
    for scope, each, count in rows:
        whom = scope or _("every station")
        echo(f"{whom:<12}  {each.version}  {when(each.issued_at)}  " + _("{count} stations have it", count=count))
    if not found:
        echo(_("No policies: the settings of each station hold."))


@policies.command()
@click.argument("prefix", type=SCOPE, default="")
@folder_option
@as_json
def show(prefix: str, folder: Path, as_json: bool) -> None:
    """Show what the policy for PREFIX says; without PREFIX, the one for every station."""
    from kiosk.central.reach import flat  # noqa: PLC0415

    found = _published(looked_into(folder)).get(prefix)
    if found is None:
        _no_such(prefix)
    if as_json:
        print_json(found)
        return
    echo(_("policy {version} of {when}", version=found.version, when=when(found.issued_at)))
    for key, value in flat(found).items():
        echo(visible(f"{key} = {value}"))


@policies.command()
@click.argument("prefix", type=SCOPE, default="")
@folder_option
@json_too
def withdraw(prefix: str, folder: Path) -> None:
    """Withdraw the policy for PREFIX: its stations get that of the next shorter prefix, or their settings hold."""
    store, issuer = opened(folder)
    with store.transaction():
        left = issuer.withdraw_policy(prefix)
        if left is not None:
            store.acted(policy_act("policy withdrawn", prefix), time.time())
    if left is None:
        _no_such(prefix)
    now = (
        _("what holds now is the policy for {prefix}", prefix=left or _("every station"))
        if left != prefix
        else _("what holds now are the settings of each station")
    )
    answer(_("withdrawn; {now}", now=now), prefix=prefix, left=left)


@policies.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def preview(file: Path, as_json: bool) -> None:
    """Show who could open which door when, in the seven days from today on, under the policy in FILE."""
    from kiosk.central.policy_preview import rules_of, week  # noqa: PLC0415

    wanted, now = wanted_policy(file), time.time()
    weeks = {name: week(rules, now) for name in wanted.doors if (rules := rules_of(wanted, name))}
    if as_json:
        print_json(weeks)
        return
    for name, days in weeks.items():
        echo(visible(name))
        for each in days:
            spans = _("; ").join(map(span_in_words, each.spans))
            echo(f"  {word(each.name)} {each.date}  {spans}")
    if not weeks:
        echo(_("It names no door: the settings of each station hold."))


@policies.command("dry-run")
@click.argument("file", type=click.Path(path_type=Path))
@folder_option
@as_json
def dry_run(file: Path, folder: Path, as_json: bool) -> None:
    """Show what the policy in FILE would change: at which stations, for which classes, and who would be refused now."""
    from kiosk.central.reach import effects_at, reached  # noqa: PLC0415

    wanted, store, now = wanted_policy(file), looked_into(folder), time.time()
    affected, holders = reached(store, wanted), store.count_by_class()
    found = effects_at(store, wanted, affected, now)
    if as_json:
        print_json({"stations": affected, "effects": found, "holders": holders})
        return
    show_changes(affected)
    for each in found:
        echo(visible(effect_in_words(each, holders)))


policies.add_command(policy, "publish")


def _no_such(prefix: str) -> NoReturn:
    fail(_("There is no policy for {prefix}. Next: kiosk central policies list", prefix=prefix or _("every station")))
