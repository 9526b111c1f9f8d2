"""The issuing API against its own description, by an outsider: schemathesis, with a client's token."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from kiosk.contract.openapi_issuing import document
from tests.issuing.shop import Shop

ENGINES = ["sqlite"]


@pytest.mark.slow
def test_schemathesis_finds_nothing(shop: Shop, tmp_path: Path) -> None:
    """It asks for tokens elsewhere: RFC 6749 answers with errors of its own. Its document names one holder who is there.

    That an order is as described does not mean that it can be carried out: hence the excluded check.
    """
    app = shop.client()
    name, bearer = app.new(), str(app.session.headers["Authorization"])
    schema = deepcopy(document())
    del schema["paths"]["/v1/token"]
    for operation in (each for path in schema["paths"].values() for each in path.values()):
        for parameter in operation["parameters"]:
            if parameter["name"] == "holder":
                parameter["schema"] = {"enum": [name]}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(schema))
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", str(file), "--url", shop.url,
        "-H", f"Authorization: {bearer}",
        "--phases", "coverage,fuzzing", "--exclude-checks", "positive_data_acceptance", "--max-examples", "12",
        "--seed", "1", "--generation-database", "none", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=170, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "14 passed" in done.stdout
