"""The fifth step: the road to the central server, by cable, Wi-Fi or LTE."""

from __future__ import annotations

from kiosk.cli.common import hidden_answer
from kiosk.cli.setup import nmcli
from kiosk.cli.setup.answers import NetworkAnswers
from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import answer, begins, choice, found, missed
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.wording.words import word

CONNECTED = "connected"
"""The first word of such a state; `(externally)` follows where it was not NetworkManager that connected the device."""


def ask_network(desk: Desk) -> None:
    """Say what is connected; connect what is wanted."""
    del desk
    begins(
        Step.NETWORK, _("A station works without a network, too; with one it gets its keys and tells what happened.")
    )
    if not nmcli.is_there():
        missed(
            _("NetworkManager's nmcli is not here: a cable works by itself."), "sudo apt-get install network-manager"
        )
        return
    while True:
        connected = _told()
        offers = [_("it is as it should be"), _("Wi-Fi"), _("LTE (a modem with a SIM card)"), _("look once more")]
        picked = choice(_("And now"), offers, 0 if connected else None)
        if picked == 0:
            return
        if picked == 3:
            continue
        try:
            _wifi() if picked == 1 else _lte()
        except nmcli.Failed as error:
            missed(told(visible(str(error))))


def _told() -> bool:
    """Every device, and how it stands; whether one is connected."""
    kinds = {"ethernet": _("cable"), "wifi": _("Wi-Fi"), "gsm": _("LTE")}
    try:
        devices = [each for each in nmcli.devices() if each.kind in kinds]
    except nmcli.Failed as error:
        missed(told(visible(str(error))), "sudo systemctl start NetworkManager")
        return False
    states = [each.state.partition(" ")[0] for each in devices]
    for each, state in zip(devices, states, strict=True):
        words = visible(f"{kinds[each.kind]} {each.name}{_(': ')}{word(state)} {each.connection}".rstrip())
        found(words) if state == CONNECTED else missed(words)
    if not devices:
        missed(_("There is no network device."), _("an adapter in a USB plug; rfkill list"))
    return CONNECTED in states


def _wifi() -> None:
    """Choose one that is in the air, or type its name. Raises nmcli.Failed."""
    there = nmcli.networks()
    if not there:
        missed(_("No Wi-Fi is heard."), "rfkill unblock wifi", _("the antenna, the country: sudo raspi-config"))
    names = [f"{each.ssid}  {each.signal} %  {each.security}" for each in there]
    picked = choice(_("Which one"), [*names, _("another one: type its name")])
    ssid = there[picked].ssid if picked < len(there) else answer(_("Name of the Wi-Fi"))
    open_to_all = picked < len(there) and not there[picked].security
    password = "" if open_to_all else hidden_answer(_("Password (it is not shown)"))
    nmcli.join(ssid, password)
    found(_("connected with {ssid}", ssid=ssid))


def _lte() -> None:
    """Raises nmcli.Failed."""
    nmcli.dial(answer(_("APN of the SIM card, such as cmiot"), "cmiot"))
    found(_("connected by LTE"))


def connect(told: NetworkAnswers) -> None:
    """What a file of answers says. Raises nmcli.Failed."""
    if told.wifi is not None:
        nmcli.join(told.wifi, told.password)
    if told.apn is not None:
        nmcli.dial(told.apn)
