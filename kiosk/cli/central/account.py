"""`kiosk central account`: who may log in to the office, made where the server is."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.central.roles import ALL, Role
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.accounts import ACCOUNT
from kiosk.cli.central.folder import SCOPE, TEXT, Words, acted, folder_option, looked_into
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, hidden_answer, json_too, print_json
from kiosk.language import _
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.store import CentralStore
    from kiosk.central.store.accounts import Account

NAMED = Words(ACCOUNT, lambda: _("is no account's name: small letters, digits, and . _ - between them"))
ROLE = click.Choice(ALL)
reason_option = click.option(
    "--reason",
    type=TEXT,
    default="",
    callback=lambda _ctx, _param, reason: reason.strip(),
    help="Why; it stands in the audit.",
)


@click.group()
def account() -> None:
    """Say who may log in to the office, as what, and for which stations."""


@account.command()
@click.argument("name", type=NAMED)
@click.option("--role", type=ROLE, required=True, help="What they may do.")
@click.option("--scope", type=SCOPE, default="", help="How their stations' codes begin; without it all.")
@reason_option
@folder_option
@json_too
def add(name: str, role: Role, scope: str, reason: str, folder: Path) -> None:
    """Add the account NAME; its password is asked for, or read from the standard input."""
    from kiosk.central.passwords import hashed  # noqa: PLC0415

    store = looked_into(folder)
    if store.account(name, EVERYWHERE):
        fail(_("There is an account {name}. Next: kiosk central account password {name}", name=name))
    kept = hashed(_password_or_exit())
    with store.transaction():
        if not store.add_account(name, role, scope, kept, time.time()):
            fail(_("There is an account {name}. Next: kiosk central account password {name}", name=name))
        acted(store, "account added", name, scope, reason)
    answer(
        _("{name}: may log in at /office as {role}", name=name, role=word(role)), account=name, role=role, scope=scope
    )


@account.command("list")
@folder_option
@as_json
def list_(folder: Path, as_json: bool) -> None:
    """List the accounts: role, stations, and whether they may log in."""
    found = looked_into(folder).accounts(EVERYWHERE)
    if as_json:
        print_json([_facts(each) for each in found])
        return
    for each in found:
        state = _("disabled since {when}", when=when(each.disabled)) if each.disabled else _("may log in")
        echo(f"{each.name:<20}  {word(each.role)}  {each.scope or _('all')}  {state}")
    if not found:
        echo(_("No accounts. Next: kiosk central account add admin --role administrator"))


@account.command()
@click.argument("name", type=NAMED)
@click.option("--role", type=ROLE, required=True, help="What they may do.")
@click.option("--scope", type=SCOPE, help="How their stations' codes begin; without it as before.")
@reason_option
@folder_option
@json_too
def role(name: str, role: Role, scope: str | None, reason: str, folder: Path) -> None:
    """Give NAME another role, from its next request on."""
    store = looked_into(folder)
    held = _known_or_exit(store, name)
    stations = held.scope if scope is None else scope
    with store.transaction():
        store.set_role(name, role, stations)
        acted(store, f"account is {role}", name, stations, reason)
    answer(_("{name}: is {role} from now on", name=name, role=word(role)), account=name, role=role, scope=stations)


@account.command()
@click.argument("name", type=NAMED)
@reason_option
@folder_option
@json_too
def disable(name: str, reason: str, folder: Path) -> None:
    """Let NAME in no longer; where it is logged in, that ends at once."""
    _able(name, reason, folder, enabled=False)


@account.command()
@click.argument("name", type=NAMED)
@reason_option
@folder_option
@json_too
def enable(name: str, reason: str, folder: Path) -> None:
    """Let NAME in again."""
    _able(name, reason, folder, enabled=True)


@account.command()
@click.argument("name", type=NAMED)
@reason_option
@folder_option
@json_too
def password(name: str, reason: str, folder: Path) -> None:
    """Give NAME another password, which is asked for, or read from the standard input."""
    from kiosk.central.passwords import hashed  # noqa: PLC0415

    store = looked_into(folder)
    held = _known_or_exit(store, name)
    kept = hashed(_password_or_exit())
    with store.transaction():
        store.set_password(name, kept)
        acted(store, "account password", name, held.scope, reason)
    answer(_("{name}: has another password; who was logged in is so no longer", name=name), account=name)


def _able(name: str, reason: str, folder: Path, *, enabled: bool) -> None:
    store = looked_into(folder)
    held = _known_or_exit(store, name)
    with store.transaction():
        store.disable(name, None if enabled else time.time())
        acted(store, "account enabled" if enabled else "account disabled", name, held.scope, reason)
    words = _("{name}: may log in", name=name) if enabled else _("{name}: is let in no longer", name=name)
    answer(words, account=name, enabled=enabled)


def _known_or_exit(store: CentralStore, name: str) -> Account:
    found = store.account(name, EVERYWHERE)
    if found is None:
        fail(_("There is no account {name}. Next: kiosk central account list", name=name))
    return found


def _password_or_exit() -> str:
    """Typed twice at a terminal, or a line of the standard input."""
    from kiosk.central.passwords import LONGEST, SHORTEST  # noqa: PLC0415

    if sys.stdin.isatty():
        given = hidden_answer(_("Password"))
        if hidden_answer(_("Once more")) != given:
            fail(_("These are two different ones. Next: try again"), MISUSED)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST <= len(given) <= LONGEST:
        words = _("A password has from {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST)
        fail(words, MISUSED)
    return given


def _facts(each: Account) -> dict[str, object]:
    """For machines, without the password."""
    return {"account": each.name, "role": each.role, "scope": each.scope, "made": each.made, "disabled": each.disabled}
