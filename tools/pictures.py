"""Writes docs/demo.svg: a picture of a real run of the demo. It takes a minute; `make pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from kiosk.cli.demo import tell_summary
from kiosk.demo.run import run_demo

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 128
FOLDER = "/tmp/kiosk-demo"  # noqa: S108  stands in the picture for the folder of that run


def main() -> None:
    """Run the demo and draw what it told."""
    console = Console(record=True, width=WIDTH)
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        tell_summary(console, run_demo(Path(folder), 40.0, console), complete=True)
    # The template of rich loads a font from the web; a picture in a repository shall not.
    local = CONSOLE_SVG_FORMAT[CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :]
    head = CONSOLE_SVG_FORMAT[: CONSOLE_SVG_FORMAT.index("@font-face")]
    svg = console.export_svg(title="kiosk demo --for 40s", code_format=head + local)
    (DOCS / "demo.svg").write_text(
        svg.replace("Fira Code, monospace", "monospace").replace(folder, FOLDER), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
