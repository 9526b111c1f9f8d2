"""`kiosk update --fetched`: the update unit's look at what sync has fetched, of which it believes nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from kiosk.cli.act.trying import newest_of, tell, tried, words_of, would_start
from kiosk.cli.common import answer, fail, view_or_none
from kiosk.core.door.hours import in_hours, weekly
from kiosk.keyfiles import ROOT_KEY, read_kept
from kiosk.language import _
from kiosk.local import boot_id, boot_time
from kiosk.settings import Settings
from kiosk.trust.release import Release, order
from kiosk.update.bundle import BadBundle, release_of, take
from kiosk.update.machine import platform_here
from kiosk.update.spool import Spool
from kiosk.update.versions import Versions

MOST_TRIES: Final = 2
"""Times that a release is tried by itself: a power cut on the way is not its fault, a second one may be."""

UNPROVEN: Final = ""


def take_fetched(config: Path, settings: Settings, versions: Versions) -> None:
    """Take it if it is good, at night, and put beside, tried, kept or taken back as any update; nothing to do is no fault."""
    tell(settings, versions)
    before = view_or_none(settings)
    wall = before.wall if before else time.time()
    if versions.on_trial or not _is_night(settings, wall):
        return
    versions.clean()
    try:
        release = judged(settings, versions, platform_here())
    except BadBundle as bad:
        tell(settings, versions)
        fail(_("The update is not taken: {reason}: {words}", reason=bad.reason, words=words_of(bad)))
    if release is None:
        return
    if why := would_start(config, release, versions):
        versions.note(release.version, "refused", why)
        tell(settings, versions)
        fail(_("Version {version} cannot use the settings: {why}", version=release.version, why=why))
    wrong = tried(settings, release, versions, before)
    tell(settings, versions)
    if wrong:
        fail(_("Version {version} went back: {why}", version=release.version, why=wrong))
    answer(_("Version {version} runs.", version=release.version), version=release.version)


def _is_night(settings: Settings, wall: float) -> bool:
    hours = weekly(settings.updates.hours, int(settings.station.utc_offset * 3600))
    return settings.updates.fetch and hours is not None and in_hours(hours, wall)


def judged(settings: Settings, versions: Versions, platform: str) -> Release | None:
    """The release that was fetched, once its version lies beside the others; None for nothing to do.

    Raises BadBundle for what is none; that is noted for the station, with its version if the root key has signed it.
    """
    spool, root = Spool(Path(settings.updates.spool_dir)), read_kept(settings.data, ROOT_KEY).raw
    coming = spool.coming()
    if coming is None or not coming.whole or not coming.is_offered(boot_time(), boot_id()) or not root:
        return None
    version = UNPROVEN
    try:
        version = release_of(spool.bundle, root).version
        if order(version) <= order(newest_of(versions)) or versions.tries(version) >= MOST_TRIES:
            return None
        versions.attempted(version)
        return take(spool.bundle, root, settings.updates.ring, platform, newest_of(versions), versions)
    except BadBundle as bad:
        if bad.reason != "unpacking":
            versions.spared(version)
        versions.note(version, "refused", bad.reason)
        raise
    except OSError as error:
        versions.spared(version)
        raise BadBundle("no_room", str(error)) from error
