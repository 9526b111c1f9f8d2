"""`kiosk central init` and `kiosk central keys`: the keys of the server, and the way to the root key and back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.cells import set_cell_size

from kiosk.cli.central.folder import folder_option, opened
from kiosk.cli.common import answer, echo, fail, json_too, sure
from kiosk.cli.files import OutFile, why_not
from kiosk.language import _
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kiosk.central.keys.papers import KeyRequest
    from kiosk.central.store.keys import StoredKey
    from kiosk.trust.keyset import Use


@click.command()
@click.option("--out", type=OutFile(), help="The request to write; else keys.request in the folder.")
@folder_option
@json_too
def init(folder: Path, out: Path | None) -> None:
    """Make a central server's folder, its database and its signing keys, and a request for the root key to sign."""
    from kiosk.central.keys.requesting import request_keys  # noqa: PLC0415
    from kiosk.central.store import CentralStore  # noqa: PLC0415

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = CentralStore(folder)
    if "keyset" in store.versions():
        fail(_("{folder}: is in use, with keys. Next: kiosk central keys list --data {folder}", folder=folder))
    path = out or folder / "keys.request"
    request = request_keys(folder, store, int(time.time()))
    _write(path, request)
    lines = [
        _("{folder}: the database is made, and {count} signing keys.", folder=folder, count=len(request.keys)),
        *_told(path, request, folder),
    ]
    answer("\n".join(lines), **_facts(path, request))


@click.group()
def keys() -> None:
    """Ask the root key for a keyset, install it, list the keys. Once a year, and when a key was stolen."""


@keys.command()
@click.option("--out", type=OutFile(), required=True, help="The request to write.")
@click.option(
    "--compromised", type=click.Choice(["issuer", "document"]), help="No key of that use shall hold any longer."
)
@folder_option
@json_too
def request(out: Path, compromised: Use | None, folder: Path) -> None:
    """Write a request for the keys of the coming 13 months; those that are lacking are made, and stay here."""
    from kiosk.central.keys.requesting import request_keys  # noqa: PLC0415

    store, issuer = opened(folder, renew=False)
    wanted = request_keys(folder, store, issuer.now(), compromised)
    _write(out, wanted)
    answer("\n".join(_told(out, wanted, folder)), **_facts(out, wanted))


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="The words of the first root key were compared.")
@folder_option
@json_too
def install(file: Path, folder: Path, yes: bool) -> None:
    """Publish the keyset in FILE, which the root key has signed, once it is found to be this server's next one."""
    from kiosk.central.keys.installing import install as put_in_force  # noqa: PLC0415
    from kiosk.central.keys.installing import strange_root  # noqa: PLC0415
    from kiosk.central.keys.papers import read_signed, words_of_root  # noqa: PLC0415

    store, issuer = opened(folder, renew=False)
    signed = read_signed(file)
    if strange_root(store, signed) and not yes:
        echo(_("The root key's words: {words}", words=words_of_root(signed.root)), err=True)
        if not sure(
            _("Every station will trust this root key, for good. Are these the words that `kiosk root` showed?")
        ):
            fail(_("Nothing was installed."))
    done = put_in_force(folder, store, issuer, signed, issuer.now())
    issuer.renew()
    lines = [
        _("keyset {version} is published:", version=done.keyset.version)
        if done.news
        else _("keyset {version} was published already:", version=done.keyset.version),
        *rows_of(done.keyset.keys),
    ]
    if any(key.use == "issuer" for key in done.dropped):
        lines.append(_("An issuer key is void before its end: the passes that it signed must be issued anew."))
    if any(key.use == "document" for key in done.dropped):
        lines.append(
            _("A document key is void before its end: what it signed is signed anew, its commands are forgotten.")
        )
    facts = {"version": done.keyset.version, "keys": facts_of(done.keyset.keys), "dropped": facts_of(done.dropped)}
    answer("\n".join(lines), **facts)


@keys.command("list")
@folder_option
@json_too
def list_(folder: Path) -> None:
    """List the keys: those of the keyset, and those that are requested."""
    from kiosk.central.keys.papers import words_of_root  # noqa: PLC0415

    store = opened(folder, renew=False)[0]
    version, now = store.versions().get("keyset", 0), time.time()
    held, asked = store.signing_keys(), [key for key in store.requested_keys() if key.not_after > now]
    lost = dict.fromkeys(store.compromised(), _("compromised"))
    notes = {**{key.kid: _("requested") for key in asked}, **{key.kid: _state(key, now) for key in held}, **lost}
    root = store.root()
    lines = [_("The root key's words: {words}", words=words_of_root(root)) if root else _("There is no root key yet.")]
    lines += [_("keyset {version}:", version=version), *rows_of([*held, *asked], notes)]
    answer("\n".join(lines), version=version, keys=facts_of(held), requested=facts_of(asked))


def _state(key: StoredKey, now: float) -> str:
    if key.not_after <= now:
        return _("over")
    return _("signs") if key.not_before <= now else ""


def rows_of(keys: Iterable[Any], notes: dict[bytes, str] | None = None) -> list[str]:
    """A line for each key: its name, its use, its window, and a note."""
    return [
        f"  {key.kid.hex()}  {set_cell_size(word(key.use), 12)}  {_day(key.not_before)} - {_day(key.not_after)}"
        f"  {(notes or {}).get(key.kid, '')}".rstrip()
        for key in keys
    ]


def facts_of(keys: Iterable[Any]) -> list[dict[str, object]]:
    """The same for a machine."""
    return [
        {"kid": key.kid.hex(), "use": key.use, "not_before": key.not_before, "not_after": key.not_after} for key in keys
    ]


def _day(at: float) -> str:
    return when(at, form="%Y-%m-%d")


def _write(path: Path, request: KeyRequest) -> None:
    from kiosk.central.keys.papers import write_paper  # noqa: PLC0415

    try:
        write_paper(path, request)
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=path, why=why_not(error)))


def _told(path: Path, request: KeyRequest, folder: Path) -> list[str]:
    """What was asked for, and the way from here."""
    from kiosk.central.keys.papers import words_of_request  # noqa: PLC0415

    return [
        _(
            "{file}: a request for {count} keys. Its words: {words}",
            file=path,
            count=len(request.keys),
            words=words_of_request(request),
        ),
        *rows_of(request.keys),
        _("Next, on a computer without a network:"),
        _("  1. only the first time, on a stick that stays locked away: kiosk root init --out STICK/root"),
        _(
            "  2. compare the words, and sign: kiosk root sign {name} --root STICK/root --out keyset.signed",
            name=path.name,
        ),
        _("  3. back here: kiosk central keys install keyset.signed --data {folder}", folder=folder),
    ]


def _facts(path: Path, request: KeyRequest) -> dict[str, Any]:
    from kiosk.central.keys.papers import words_of_request  # noqa: PLC0415

    return {"file": str(path), "words": words_of_request(request), "keys": facts_of(request.keys)}
