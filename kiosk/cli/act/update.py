"""`kiosk update`: take a signed update, try it, and keep it or go back."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from kiosk import __version__
from kiosk.cli.act.fetched import take_fetched
from kiosk.cli.act.trying import newest_of, tell, tried, words_of, would_start
from kiosk.cli.common import (
    MISUSED,
    NOT_REACHABLE,
    answer,
    fail,
    good_settings_or_exit,
    json_too,
    progress,
    view_or_none,
)
from kiosk.keyfiles import ROOT_KEY, read_kept
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.trust.release import Release
from kiosk.update.bundle import MOST_BUNDLE, BadBundle, require_room, take
from kiosk.update.machine import platform_here
from kiosk.update.versions import DOWNLOAD, FOLDER, Versions

CHUNK: Final = 1 << 18
DOWNLOAD_TIMEOUT: Final = 30.0
LONGEST_NUMBER: Final = 20
_TOO_LARGE: Final = f"more than {MOST_BUNDLE >> 20} MiB"


@click.command()
@click.argument("source", default="")
@click.option("--fetched", is_flag=True, help="What the station has fetched by itself, in its nights; for systemd.")
@json_too
@click.pass_obj
def update(config: Path, source: str, *, fetched: bool) -> None:
    """Take the update in SOURCE, a file or a URL: verify it, put it beside this version, switch, and watch.

    Keeps it when door, scanners and logbook do what they did before, and goes back to this version otherwise. A power cut on
    the way leaves this version. Only a release that the root key has signed is taken, and none older than what proved itself.
    """
    settings = good_settings_or_exit(config)
    if bool(source) == fetched:
        fail(_("SOURCE or --fetched is needed, and not both.\nNext: sudo kiosk update SOURCE"), MISUSED)
    if os.geteuid() or not Path("/run/systemd/system").is_dir():
        fail(_("An update restarts the programs: it needs root, and systemd.\nNext: sudo kiosk update SOURCE"), MISUSED)
    versions = Versions(FOLDER)
    with ExitStack() as stack:
        try:
            alone = stack.enter_context(versions.alone())
        except OSError as error:
            fail(_("{file} cannot be written: {why}", file=versions.folder, why=error))
        if not alone:
            fail(_("Another update is under way.\nNext: kiosk status"))
        if fetched:
            take_fetched(config, settings, versions)
        else:
            _update(config, settings, source, versions)


def _update(config: Path, settings: Settings, source: str, versions: Versions) -> None:
    before = view_or_none(settings)
    if versions.on_trial:
        fail(
            _("Version {version} is still on trial.\nNext: sudo systemctl start kiosk-update", version=versions.current)
        )
    versions.clean()
    release = _take(settings, source, versions)
    if why := would_start(config, release, versions):
        fail(_("Version {version} cannot use the settings: {why}", version=release.version, why=why))
    versions.attempted(release.version)
    wrong = tried(settings, release, versions, before)
    tell(settings, versions)
    if wrong:
        fail(
            _(
                "Back to version {version}: {why}\nNext: kiosk doctor",
                version=versions.current or __version__,
                why=wrong,
            )
        )
    answer(_("Version {version} runs.", version=release.version), version=release.version, before=__version__)


def _take(settings: Settings, source: str, versions: Versions) -> Release:
    root = read_kept(settings.data, ROOT_KEY).raw
    if not root:
        fail(_("This station trusts nobody yet.\nNext: kiosk enrol URL CLAIM"))
    try:
        bundle = _download(settings, source, versions) if "://" in source else Path(source)
        return take(bundle, root, settings.updates.ring, platform_here(), newest_of(versions), versions)
    except BadBundle as bad:
        words = words_of(bad)
        fail(_("The update is not taken: {reason}: {words}", reason=bad.reason, words=words))
    except OSError as error:
        fail(_("{file} cannot be read or unpacked: {why}", file=source, why=error))
    finally:
        (versions.folder / DOWNLOAD).unlink(missing_ok=True)


def _download(settings: Settings, url: str, versions: Versions) -> Path:
    import requests  # noqa: PLC0415

    from kiosk.cli.doctor.network import fail_on_the_road, good_address_or_exit  # noqa: PLC0415
    from kiosk.contract.unanswered import why_unanswered  # noqa: PLC0415

    good_address_or_exit(url)
    ca_file = settings.central.ca_file if settings.central else None
    target = versions.folder / DOWNLOAD
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        plain = {"Accept-Encoding": "identity"}
        with requests.get(url, stream=True, timeout=DOWNLOAD_TIMEOUT, verify=ca_file or True, headers=plain) as found:
            found.raise_for_status()
            if found.headers.get("Content-Encoding", "identity") != "identity":
                raise BadBundle("damaged", "it comes compressed")
            size = _promised(found.headers.get("Content-Length", ""))
            require_room(target.parent, size)
            with target.open("wb") as out, progress(size, url.rpartition("/")[2]) as passed:
                left = MOST_BUNDLE
                for chunk in found.iter_content(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise BadBundle("damaged", _TOO_LARGE)
                    require_room(target.parent, len(chunk))
                    out.write(chunk)
                    passed(len(chunk))
    except requests.HTTPError as error:
        fail(_("{url}: the server says HTTP {status}", url=url, status=error.response.status_code), NOT_REACHABLE)
    except (requests.RequestException, ValueError) as error:
        fail_on_the_road(url, ca_file, "", why_unanswered(error))
    return target


def _promised(length: str) -> int:
    """Bytes that the server says will come; 0 where it does not say. Raises BadBundle."""
    size = int(length) if length.isascii() and length.isdecimal() and len(length) < LONGEST_NUMBER else 0
    if size > MOST_BUNDLE:
        raise BadBundle("damaged", _TOO_LARGE)
    return size
