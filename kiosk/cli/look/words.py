"""How the verbs put entries and times into words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from kiosk.foreign import visible
from kiosk.language import _, chosen
from kiosk.settings.appliances import ON_OFF

UNREADABLE: Final = {"kind", "token", "expires", "unused"}


def sentence(entry: dict[str, Any]) -> tuple[str, str]:
    """An entry's kind and its details, but for what says nothing to a person; a reason with its words."""
    details = ", ".join(
        f"{visible(key)} {visible(str(value))}" for key, value in entry.items() if key not in UNREADABLE
    )
    if words := _reason(entry):
        details += f": {words}"
    return visible(_(entry["kind"].replace("_", " "))), details


def _reason(entry: dict[str, Any]) -> str:
    """Why a pass or a document was refused, or what of it has no use, in a sentence for a technician."""
    match entry:
        case {"kind": "denied", "reason": reason}:
            from kiosk.trust.reasons import WORDS, Reason  # noqa: PLC0415

            return chosen(WORDS[Reason(reason)]) if reason in list(Reason) else ""
        case {"kind": "document_refused", "refusal": refusal}:
            from kiosk.trust.documents import REFUSAL_WORDS, Refusal  # noqa: PLC0415

            return chosen(REFUSAL_WORDS[Refusal(refusal)]) if refusal in list(Refusal) else ""
        case {"kind": "document_applied", "unused": [*names]}:
            return _("this station has no use for: {names}", names=", ".join(map(str, names)))
        case _:
            return ""


def when(wall: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A time of this machine's zone; one that no calendar has, as the number that it is."""
    try:
        return datetime.fromtimestamp(wall, UTC).astimezone().strftime(form)
    except (ArithmeticError, ValueError, OSError):
        return f"{wall:g}"


def quantity(value: float, unit: str) -> str:
    """A value with its unit; of a sensor that only switches, the word."""
    return (_("on") if value else _("off")) if unit == ON_OFF else f"{value:.4g} {unit}"
