"""The sixth step: the central server comes to know the station, and people compare six words."""

from __future__ import annotations

from kiosk.cli.act.enrol import enrolled_at
from kiosk.cli.common import echo, style
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import Skipped, agreed, answer, begins, found, missed
from kiosk.keyfiles import COPY, ROOT_KEY
from kiosk.language import _
from kiosk.settings import Settings


def ask_enrolment(desk: Desk) -> None:
    """Address and code; then the words."""
    code = desk.draft.values.get("station", {}).get("code", "CODE")
    begins(
        Step.ENROLMENT,
        _(
            "Call the centre. Somebody there types `kiosk central claim {code}`, and tells you a code that works once. "
            "Without a network, skip it: later you can show the code as a QR at the door.",
            code=code,
        ),
    )
    settings = desk.settings
    if settings is None:
        missed(_("The settings are not whole yet: first the station and its door."), "sudo kiosk setup door")
        raise Skipped
    if _is_enrolled(settings):
        echo(_("The station is enrolled already."))
        if _compared(words_of(settings)) and not agreed(_("Enrol it anew"), default=False):
            return
    while True:
        settings = desk.settings or settings
        url = answer(_("Address of the central server"), settings.central.url if settings.central else None)
        if desk.put({"central": {"url": url}}) and _enrols(desk.settings or settings, url, answer(_("Claim code"))):
            return


def _is_enrolled(settings: Settings) -> bool:
    return any((settings.data / name).exists() for name in (ROOT_KEY, ROOT_KEY + COPY))


def _enrols(settings: Settings, url: str, claim: str) -> bool:
    """Whether it is enrolled now, and nobody stands in between."""
    try:
        words = enrolled_at(settings, url, claim)
    except SystemExit:  # it has said why, and what comes next
        return False
    if _compared(words):
        found(_("enrolled"))
        return True
    for name in (ROOT_KEY, ROOT_KEY + COPY):
        (settings.data / name).unlink(missing_ok=True)
    missed(_("Then somebody stands in between: what they gave was thrown away."), _("another network; tell the union"))
    return False


def words_of(settings: Settings) -> str:
    """The words of the keys that are there; empty where they cannot be read."""
    from kiosk.keyfiles import STATION_KEY, read_private, read_raw  # noqa: PLC0415
    from kiosk.trust.fingerprint import fingerprint  # noqa: PLC0415

    try:
        public = read_private(settings.data / STATION_KEY).public_key().public_bytes_raw()
        return fingerprint(settings.station.code, public, read_raw(settings.data / ROOT_KEY))
    except (OSError, ValueError):
        return ""


def _compared(words: str) -> bool:
    """Whether both ends see the same words, and so nobody stands in between."""
    echo("\n    " + style(words, bold=True) + "\n")
    return agreed(_("Does the centre see the same six words (kiosk central stations)"), default=None)
