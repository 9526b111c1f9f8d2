"""What a check is called: its id, or in Chinese words, and the label of what it looks at."""

from __future__ import annotations

from kiosk.cli.setup.steps import Step
from kiosk.language import _, chinese
from kiosk.wording.names import Names
from kiosk.wording.words import word


def title(check: str, names: Names) -> str:
    """Of a check by its id. In English that is the id, by which docs/doctor.md tells of it, with a label where there is one."""
    group, _dot, name = check.partition(".")
    called, plain = _called(group, name, names), _called(group, name, Names(None))
    if chinese():
        return called or _(check)
    return check if called == plain else f"{check} ({called})"


def _called(group: str, name: str, names: Names) -> str:
    """What people call the thing behind a check; empty where it is always the same one."""
    match group:
        case "door":
            return names.door(name)
        case "slot":
            return names.door(name.removesuffix(".kept"))
        case "sensor":
            return names.sensor(name)
        case "alarm":
            return names.alarm(name)
        case "relay":
            return names.relay(name)
        case "camera" | "reader":
            return names.scanner(name)
        case "fault":
            return names.fault(name)
        case "programs":
            return word(name)
        case "units":
            return name
        case "setup":
            return _("step {number}", number=[*Step].index(Step(name)) + 1)
        case _:
            return ""
