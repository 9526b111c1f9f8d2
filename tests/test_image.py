"""What makes a card a station: the first start's user-data, and the layer for rpi-image-gen."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.test_package import needs
from tools.deb import build

IMAGE = ROOT / "config" / "image"


def test_the_first_start_installs_the_package_and_runs_what_is_in_it() -> None:
    told: dict[str, Any] = yaml.safe_load((IMAGE / "user-data").read_text())
    assert (IMAGE / "user-data").read_text().startswith("#cloud-config\n")
    commands = [" ".join(command) for command in told["runcmd"]]
    assert any("apt-get install -y /boot/firmware/*.deb" in command for command in commands)
    target = "/usr/share/yizhan-kiosk/first-boot"
    assert commands[-1] == f"sh {target}"
    assert f"src: config/image/first-boot, dst: {target}" in (ROOT / "tools/package/nfpm.yaml").read_text()
    assert all(user["lock_passwd"] for user in told["users"]), "no password at all"


def test_cloud_init_finds_nothing_wrong_with_it() -> None:
    if not shutil.which("cloud-init"):
        pytest.skip("cloud-init IS ABSENT: install Debian's package cloud-init")
    words = ["cloud-init", "schema", "--config-file", str(IMAGE / "user-data")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["first-boot", "data-partition"])
def test_it_is_plain_shell(script: str) -> None:
    subprocess.run(["sh", "-n", str(IMAGE / script)], check=True)


def test_no_program_of_the_station_needs_the_data_partition_to_start() -> None:
    """A mount in fstab, or a unit that is required, would keep the door's program from starting where the card is broken."""
    assert "fstab" not in (IMAGE / "first-boot").read_text().partition("kiosk-data takes")[2]
    unit = (IMAGE / "kiosk-data.service").read_text()
    assert not re.search(r"^(RequiredBy|Requires|BindsTo)=", unit, re.MULTILINE)
    for path in (ROOT / "systemd").glob("*.service"):
        assert "kiosk-data" not in path.read_text()


def test_systemd_gives_the_data_partition_the_time_that_its_script_takes() -> None:
    """A card that is slow at the start is waited for; who is ended before the repair is over has mounted nothing."""
    waits = list(map(int, re.findall(r"timeout[ =](\d+) ", (IMAGE / "data-partition").read_text())))
    assert len(waits) == 2
    assert min(waits) >= 60
    (given,) = re.findall(r"^TimeoutStartSec=(\d+)s$", (IMAGE / "kiosk-data.service").read_text(), re.MULTILINE)
    assert int(given) >= sum(waits) + 60, "and mounts"


def layer() -> dict[str, Any]:
    text = (IMAGE / "yizhan-kiosk.yaml").read_text()
    assert re.match(r"# METABEGIN\n(#.*\n)+# METAEND\n---\n", text)
    told: dict[str, Any] = yaml.safe_load(text)["mmdebstrap"]
    return told


def test_the_layer_names_what_is_there() -> None:
    told = layer()
    needed, _suggests, _rest = (ROOT / "tools/package/nfpm.yaml").read_text().partition("suggests:")
    depends = re.findall(r"^  - ([a-z][a-z0-9+-]+)$", needed, re.MULTILINE)
    assert set(depends) <= set(told["packages"]), "dpkg fetches nothing"
    for path in re.findall(r"config/\S+", " ".join(told["customize-hooks"])):
        assert (ROOT / path).exists(), path


@pytest.mark.deb
@pytest.mark.timeout(900)
def test_the_layers_words_make_a_debian_with_the_package_in_it(tmp_path: Path) -> None:
    needs("mmdebstrap", "dpkg-deb")
    deb, told = build("trixie", "amd64"), layer()
    words = ["mmdebstrap", "--variant=minbase", f"--include={','.join(told['packages'])}"]
    words += [f"--customize-hook={hook}" for hook in told["customize-hooks"]]
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "IGconf_kiosk_deb": str(deb)}
    done = subprocess.run(
        [*words, "trixie", str(tmp_path / "root")], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "root/usr/bin/kiosk").exists()
    assert (tmp_path / "root/boot/firmware/user-data").exists()
