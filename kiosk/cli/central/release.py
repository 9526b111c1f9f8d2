"""`kiosk central release`: updates for the stations, offered to one ring after another."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from kiosk.central.rings import FIRST, LAST, MEMBER
from kiosk.cli.central.folder import NAME, Words, acted, folder_option, looked_into, opened
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json
from kiosk.cli.files import why_not
from kiosk.foreign import visible
from kiosk.language import _, chosen, told
from kiosk.wording.words import listed, when, word

if TYPE_CHECKING:
    from kiosk.central.rings import RingHealth
    from kiosk.central.store import CentralStore
    from kiosk.central.store.releases import Released

HOUR: Final = 3600.0
RING = click.IntRange(FIRST, LAST)
VERSION = Words(r"\d{1,5}\.\d{1,5}\.\d{1,5}", lambda: _("is no version such as 0.6.0"))
GROUP = Words(MEMBER.pattern, lambda: _("is no station's code, no beginning of one, and no share such as 10%"))

WHY: Final = "Why; whoever comes after you reads it."
reason_option = click.option("--reason", type=NAME, required=True, help=WHY)


@click.group()
def release() -> None:
    """Publish updates for the stations, and open them to one ring of stations after another."""


@release.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--quiet",
    type=click.FloatRange(0, 24 * 60),
    default=0.0,
    show_default=True,
    help="Hours after which the next ring opens by itself when half of the last one runs it well; 0: by hand alone.",
)
@folder_option
@json_too
def publish(file: Path, quiet: float, folder: Path) -> None:
    """Verify the bundle in FILE, which `kiosk root release` has made, and keep it; it is offered to nobody yet.

    Bundles that are never offered again are removed from the server's folder a day later, by the next `publish`.
    """
    from kiosk.central.shelf import clear, put_up  # noqa: PLC0415
    from kiosk.update.bundle import BadBundle  # noqa: PLC0415

    store, issuer = opened(folder)
    try:
        found, bundles = put_up(file, issuer.root_public, folder, quiet * HOUR, time.time())
    except BadBundle as bad:
        fail(_("{file}: {reason}: {words}", file=file, reason=bad.reason, words=_why(bad)), MISUSED)
    except OSError as error:
        fail(f"{error.filename or file}: {why_not(error)}")
    with store.transaction():
        if new := store.publish_release(found, bundles):
            acted(store, "release published", found.version)
    try:
        clear(folder, store.wanted_bundles(), time.time())
    except OSError as error:  # the release is published, and the next one clears
        echo(f"{error.filename}: {why_not(error)}", err=True)
    platforms = [each.platform for each in bundles]
    if new:
        words = _(
            "{version} is published for {platforms}, and offered to nobody yet.\nNext: kiosk central release open-ring "
            "{version} 1",
            version=found.version,
            platforms=", ".join(platforms),
        )
    else:
        words = _("{version} was published already; its bundles lie here now, too.", version=found.version)
    answer(words, version=found.version, platforms=platforms, audience=found.audience, new=new)


def _why(bad: Exception) -> str:
    from kiosk.trust.documents import REFUSAL_WORDS, Refusal  # noqa: PLC0415

    reason = getattr(bad, "reason", "")
    return chosen(REFUSAL_WORDS[Refusal(reason)]) if reason in set(Refusal) else visible(str(bad))


@release.command("list")
@folder_option
@as_json
def list_(folder: Path, as_json: bool) -> None:
    """List the releases, the newest first, and the ring that each is open to."""
    store = looked_into(folder)
    found = store.releases()
    if as_json:
        print_json([_facts(each) for each in found])
        return
    for each in found:
        echo(f"{each.version:<12}  {when(each.published)}  {_state(each)}")
    if not found:
        echo(_("No releases. Next: kiosk central release publish FILE"))


def _facts(found: Released) -> dict[str, object]:
    names = ("version", "audience", "published", "quiet", "stopped", "withdrawn", "openings")
    return {name: getattr(found, name) for name in names} | {"ring": found.rollout.ring}


def _state(found: Released) -> str:
    """In words."""
    if found.withdrawn:
        return _("withdrawn: {reason}", reason=visible(found.withdrawn))
    if found.stopped:
        return _("stopped: {reason}", reason=told(visible(found.stopped)))
    ring = found.rollout.ring
    return _("open to ring {ring}", ring=ring) if ring else _("offered to nobody yet")


@release.command()
@click.argument("version", type=VERSION)
@folder_option
@as_json
def show(version: str, folder: Path, as_json: bool) -> None:
    """Show how a release does, ring by ring: how many stations run it, and which are worse off."""
    store = looked_into(folder)
    found, health = _found(store, version), store.health_of(version, time.time())
    if as_json:
        print_json({**_facts(found), "bundles": store.bundles(version), "health": health})
        return
    echo(f"{version}  {_state(found)}")
    for bundle in store.bundles(version):
        echo(f"  {bundle.platform:<14}  {bundle.size / 1e6:.1f} MB")
    for each in health:
        echo("\n".join(_ring_lines(each)))


def _ring_lines(health: RingHealth) -> list[str]:
    line = _(
        "  ring {ring}: {running} of {stations} stations run it",
        ring=health.ring,
        running=health.running,
        stations=health.stations,
    )
    return [line, *(f"    {code:<12}  {word(why)}" for code, why in sorted(health.wrong.items()))]


@release.command("open-ring")
@click.argument("version", type=VERSION)
@click.argument("ring", type=RING)
@click.option("--reason", type=NAME, default="", help=WHY)
@folder_option
@json_too
def open_ring(version: str, ring: int, reason: str, folder: Path) -> None:
    """Offer a release to the stations of RING, too: the next one, or the one that it was stopped in, with a reason.

    Not the next one while more than a tenth of a ring that tried it is worse off: went back, refused it, is silent, or has
    new faults. Where it was stopped it goes on all the same, and what was wrong until now counts no longer.
    """
    from kiosk.central.rings import NotOpened, goes_on  # noqa: PLC0415

    store = opened(folder)[0]
    if goes_on(_found(store, version).rollout, ring) and not reason:
        fail(_("{version} was stopped in this ring: say why it goes on.\nNext: --reason WHY", version=version), MISUSED)
    try:
        with store.transaction():
            store.open_ring(version, ring, time.time())
            acted(store, "ring opened", version, reason=reason or f"ring {ring}")
    except NotOpened as why:
        fail(
            _("{version} is not opened to ring {ring}: {why}", version=version, ring=ring, why=told(visible(str(why))))
            + "\n"
            + _("Next: kiosk central release show {version}", version=version)
        )
    count = sum(each.stations for each in store.health_of(version, time.time()) if each.ring == ring)
    words = _(
        "{version} is open to ring {ring}: {count} stations fetch it in their next night",
        version=version,
        ring=ring,
        count=count,
    )
    answer(words, version=version, ring=ring, stations=count)


@release.command()
@click.argument("version", type=VERSION)
@reason_option
@folder_option
@json_too
def stop(version: str, reason: str, folder: Path) -> None:
    """Offer a release to nobody until a ring is opened again; what runs it goes on."""
    store = opened(folder)[0]
    _found(store, version)
    with store.transaction():
        store.stop_release(version, reason)
        acted(store, "release stopped", version, reason=reason)
    words = _(
        "{version} is stopped.\nNext, when it may go on: kiosk central release open-ring {version} RING",
        version=version,
    )
    answer(words, version=version)


@release.command()
@click.argument("version", type=VERSION)
@reason_option
@folder_option
@json_too
def withdraw(version: str, reason: str, folder: Path) -> None:
    """Offer a release to nobody, for ever; what runs it goes on, until a newer one comes."""
    store = opened(folder)[0]
    _found(store, version)
    with store.transaction():
        store.withdraw_release(version, reason)
        acted(store, "release withdrawn", version, reason=reason)
    answer(_("{version} is withdrawn.", version=version), version=version)


@release.command()
@click.argument("ring", type=click.IntRange(FIRST, LAST - 1), required=False)
@click.argument("members", type=GROUP, nargs=-1)
@folder_option
@json_too
def ring(ring: int | None, members: tuple[str, ...], folder: Path) -> None:
    """Show the rings, or let RING have these MEMBERS alone: codes, beginnings of codes, shares of all such as 10%.

    A station is in the first ring that names it, and in ring 3 where none does.
    """
    store = opened(folder)[0] if members else looked_into(folder)
    if ring is not None and members:
        with store.transaction():
            store.set_ring(ring, members)
            acted(store, "ring set", f"{ring}", reason=", ".join(members))
    found = store.rings()
    lines = [
        _("ring {ring}: {members}", ring=each, members=listed(found.get(each, [])) or _("nobody"))
        for each in range(FIRST, LAST)
    ]
    answer("\n".join([*lines, _("ring {ring}: all others", ring=LAST)]), rings=found)


def _found(store: CentralStore, version: str) -> Released:
    return store.release(version) or _no_such(version)


def _no_such(version: str) -> NoReturn:
    fail(_("There is no release {version}. Next: kiosk central release list", version=version))
