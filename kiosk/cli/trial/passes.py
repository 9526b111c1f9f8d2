"""`kiosk pass`: make a pass, explain one."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.cells import set_cell_size

from kiosk.cli.central.folder import NAME, SCOPE
from kiosk.cli.common import (
    MISUSED,
    WRONG,
    answer,
    as_json,
    ask_station,
    echo,
    fail,
    json_too,
    print_json,
    settings_or_exit,
)
from kiosk.cli.files import PICTURE, whole, why_not
from kiosk.foreign import visible
from kiosk.language import _, chinese
from kiosk.local import NotReachable
from kiosk.settings import Settings
from kiosk.trust.codes import bare
from kiosk.trust.keyset import NO_KEYS
from kiosk.trust.passes import Kind, Pass, PassClass, peek, read_pass, show_bound
from kiosk.trust.reasons import WORDS, Reason
from kiosk.wire import Explain, Explained
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    import segno
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DEFAULT_SECONDS = {"card": 60 * 86_400, "live": 10 * 60, "bound": 60 * 86_400}
QR_SCALE = 10


@click.group("pass")
def pass_() -> None:
    """Make a pass, or explain one."""


@pass_.command()
@click.option(
    "--central", "folder", type=click.Path(path_type=Path, file_okay=False), default="central-data", show_default=True
)
@click.option("--kind", type=click.Choice(["card", "live", "bound"]), default="card", show_default=True)
@click.option("--class", "class_", type=click.Choice([each.name.lower() for each in PassClass]), default="worker")
@click.option(
    "--scope", type=SCOPE, default="", help="Where it holds: the first digits of station codes. Default: everywhere."
)
@click.option(
    "--days", type=click.FloatRange(min=0.001, max=3650), help="How long it holds. Default: card 60 days, live 10 min."
)
@click.option(
    "--index", type=click.IntRange(min=1, max=2**32 - 1), help="Another pass for this credential. Default: a new one."
)
@click.option("--extended", is_flag=True, help="The holder needs longer at the door.")
@click.option(
    "--holder", type=NAME, default="", help="The union's pseudonym for the holder; stays at the central server."
)
@click.option(
    "--phone", type=click.Path(path_type=Path, dir_okay=False), help="For a bound pass: the file of the phone's key."
)
@click.option("--out", type=PICTURE, help="Write a printable QR: .png, .svg or .pdf.")
@click.option("--show", is_flag=True, help="Print the QR in the terminal.")
@json_too
def make(
    folder: Path,
    kind: str,
    class_: str,
    scope: str,
    days: float | None,
    index: int | None,
    holder: str,
    *,
    extended: bool,
    phone: Path | None,
    out: Path | None,
    show: bool,
) -> None:
    """Issue a pass with the central server's key in --central. Prints its text."""
    now = int(time.time())
    if days is not None and not math.isfinite(days):
        fail(_("--days must be a number"), MISUSED)
    expires = now + int(days * 86_400 if days else DEFAULT_SECONDS[kind])
    if (kind == "bound") != (phone is not None):
        fail(
            _("--phone goes with --kind bound: the pass names the phone's key, which is made if there is none"), MISUSED
        )
    wanted = Pass(
        index or 0,
        PassClass[class_.upper()],
        Kind[kind.upper()],
        now,
        expires,
        scope=scope,
        extended=extended,
        holder_key=_phone_key(phone).public_key().public_bytes_raw() if phone else b"",
    )
    claims, text = _issued(folder, wanted, holder)
    answer(text, code=text, index=claims.index, kind=kind, expires=claims.expires)
    echo(
        _("credential {index}, {kind}, expires {when}", index=claims.index, kind=word(kind), when=when(claims.expires)),
        err=True,
    )
    code = qr(text, kind)
    if out:
        save(code, out)
        echo(_("written: {file}", file=out), err=True)
    if show:
        code.terminal(compact=True)


def _issued(folder: Path, wanted: Pass, holder: str) -> tuple[Pass, str]:
    """The pass as the central server in that folder signs it; exit code 1, with the reason, where it does not."""
    from kiosk.cli.central.folder import opened, said_plainly  # noqa: PLC0415

    with said_plainly():
        return opened(folder)[1].issue(wanted, holder)


@pass_.command()
@click.argument("code")
@click.option("--phone", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=True)
@click.option("--show", is_flag=True, help="Print the QR in the terminal.")
@json_too
def present(code: str, phone: Path, *, show: bool) -> None:
    """Print what a phone shows now of the bound pass CODE, signed with its key and its time."""
    code = bare(code)
    if not isinstance(said := peek(code), Pass) or said.kind is not Kind.BOUND:
        fail(_("That is no bound pass. Next: kiosk pass make --kind bound --phone FILE"), MISUSED)
    text = show_bound(code, _phone_key(phone), int(time.time()))
    answer(text, code=text)
    if show:
        qr(text, "bound").terminal(compact=True)


def _phone_key(path: Path) -> Ed25519PrivateKey:
    from kiosk.central.keys.files import read_or_make_key  # noqa: PLC0415

    try:
        return read_or_make_key(path)
    except OSError as error:
        fail(_("{file}: {wrong}", file=path, wrong=why_not(error)))
    except ValueError:
        fail(_("{file}: holds no key of a phone", file=path))


def save(code: segno.QRCode, out: Path) -> None:
    """Write the QR code as a picture; exit code 1 where that fails all the same."""
    try:
        with whole(out) as file:
            code.save(str(file), scale=QR_SCALE, border=4)
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=out, why=why_not(error)))


def qr(text: str, kind: str) -> segno.QRCode:
    """The QR code of a pass: level M for print, L for screens, as the design has it."""
    import segno  # noqa: PLC0415

    return segno.make_qr(text, error="m" if kind == "card" else "l", mode="alphanumeric", boost_error=False)


@pass_.command()
@click.argument("code")
@click.option("--door", default="", help="At which door. Default: the first one.")
@as_json
@click.pass_obj
def explain(config: Path, code: str, door: str, as_json: bool) -> None:
    """Say what the pass CODE holds (- reads it from standard input), and why it would be refused here and now.

    Exit code 0 when it would open the door, 1 when not.
    """
    typed = sys.stdin.readline() if code == "-" else code
    text = bare(typed).encode(errors="replace").decode()  # what is no UTF-8 on the command line comes as half a pair
    settings = settings_or_exit(config) if config.exists() else None
    if settings:
        found, caveat = _judge(settings, text, door)
    else:
        found, caveat = (
            Explained(str(read_pass(text, NO_KEYS))),
            _("There is no station here ({config} is missing): no keys.", config=config),
        )
    if as_json:
        print_json({"opens": not found.reason, "reason": found.reason, "claims": found.claims, "caveat": caveat})
    else:
        _tell(found, text, settings)
        if caveat:
            echo(caveat, err=True)
    sys.exit(WRONG if found.reason else 0)


def _judge(settings: Settings, text: str, door: str) -> tuple[Explained, str]:
    """What the station says; from its files, with a caveat, while its program is not running."""
    if door and door not in settings.entrances:
        doors = ", ".join(settings.entrances)
        fail(_("There is no door {door}; there are: {doors}", door=door, doors=doors), MISUSED)
    try:
        return ask_station(settings, Explain(text, door), Explained), ""
    except NotReachable:
        from kiosk.station.explain import explain_from_files  # noqa: PLC0415

        caveat = _("The station is not running: judged from its files, so a replay cannot be seen.")
        return explain_from_files(settings, text, door), caveat


def _tell(found: Explained, text: str, settings: Settings | None) -> None:
    if found.claims:
        echo(_("The signature holds. The pass says:"))
        _tell_claims(found.claims, settings)
    else:
        said = peek(text)
        if isinstance(said, Pass):
            echo(_("Nobody's word for it, but the pass says:"))
            _tell_claims({**{name: getattr(said, name) for name in said.__struct_fields__}}, settings)
    if not found.reason:
        echo(_("It would open this door now."))
    else:
        zh, en = WORDS[Reason(found.reason)]
        words = f"  {zh}" if chinese() else f"  {en}\n  {zh}"
        reason = _("It would be refused.") if chinese() else _("It would be refused: {reason}", reason=found.reason)
        echo(f"{reason}\n{words}")


def _tell_claims(claims: dict[str, Any], settings: Settings | None) -> None:
    scope = claims.get("scope")
    rows = {
        _("credential"): claims["index"],
        _("class"): word(PassClass(claims["pass_class"]).name.lower()),
        _("kind"): word(Kind(claims["kind"]).name.lower()),
        _("holds at"): _("stations {scope}...", scope=scope) if scope else _("every station"),
        _("issued"): when(claims["issued_at"], settings),
        _("not before"): when(claims["not_before"], settings) if claims.get("not_before") else "-",
        _("expires"): when(claims["expires"], settings),
        _("key"): claims["kid"],
    }
    for name, value in rows.items():
        echo(f"  {set_cell_size(name, 11)} {visible(str(value))}")
