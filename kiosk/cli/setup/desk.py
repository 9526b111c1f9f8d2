"""What every step has before it: the draft of the settings, and the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.cli.setup.draft import Draft
from kiosk.cli.setup.talk import found, missed
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.editing import CannotEdit
from kiosk.settings.table import BadSettings


class Desk:
    """The draft, and where devices are looked for."""

    def __init__(self, draft: Draft, root: Path = Path("/")) -> None:
        self.draft, self.root = draft, root

    @property
    def door(self) -> str:
        """The door that is set up: the first of the settings that is no slot."""
        doors = self.draft.values.get("doors", {})
        return next((name for name, table in doors.items() if "slot" not in table), "main")

    @property
    def settings(self) -> Settings | None:
        """The settings, where they are whole already."""
        return self.draft.settings

    def put(self, new: dict[str, Any]) -> bool:
        """Take values into the settings; where they do not fit, say why, and take none."""
        try:
            self.draft.put(new)
        except BadSettings as bad:
            for error in bad.errors:
                missed(error)
            return False
        except CannotEdit as error:
            missed(visible(f"{self.draft.config}: {error}"), f"sudo nano {self.draft.config}")
            return False
        return True

    def drop(self, *path: str) -> None:
        """Turn a table or a key into comments, where it is there."""
        table: Any = self.draft.values
        for part in path:
            table = table.get(part) if isinstance(table, dict) else None
        if table is None:
            return
        try:
            self.draft.drop(path)
        except (BadSettings, CannotEdit) as error:
            missed(visible(str(error)), f"sudo nano {self.draft.config}")
        else:
            found(_("taken out of the settings: {table}", table=".".join(path)))
