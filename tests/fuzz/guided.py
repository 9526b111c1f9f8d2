"""Coverage-guided search with atheris (libFuzzer): python -m tests.fuzz.guided [libFuzzer's options] CORPUS."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["kiosk"]):
    from tests.fuzz.verifier import feed

atheris.Setup(sys.argv, feed)
atheris.Fuzz()
