"""Pages from templates: what is filled in is text, and what is missing is an error."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from kiosk.language import chinese, language_of


def templates_of(package: str) -> Environment:
    """Those in a package's folder `templates`."""
    found = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(tongue=tongue)
    return found


def page_language() -> str:
    """For whoever asks, as `lang` of a page says it."""
    return "zh-CN" if chinese() else "en"


def tongue(text: str) -> str:
    """That of a text which people have written: whoever has the page read out is to hear it in its own (WCAG 2.2, 3.1.2)."""
    return language_of(text, page_language())
