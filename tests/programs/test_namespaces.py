"""Sync and the central server in network namespaces, with a cable between them that loses packets, hangs and breaks.

Real TCP of the kernel, and HTTPS with an authority of the union's own. The namespaces have no way to any other network. Needs
root, iproute2 and nftables.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.certificates import Authority
from tests.programs.house import House, until
from tests.programs.town import CODE, Town, World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

HERE, THERE = "192.0.2.1", "192.0.2.2"
PORT = 8420
NAME = "central.test"


def sh(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


class Cable:
    """Two namespaces with a cable; `near` has the station, `far` the central server."""

    def __init__(self) -> None:
        self.near, self.far = f"kiosk-near-{os.getpid()}", f"kiosk-far-{os.getpid()}"
        self.resolver = Path("/etc/netns") / self.near

    def lay(self) -> None:
        for space in (self.near, self.far):
            sh("ip", "netns", "add", space)
            self.inside(space, "ip", "link", "set", "lo", "up")
        sh("ip", "link", "add", "veth0", "netns", self.near, "type", "veth", "peer", "name", "veth1", "netns", self.far)
        for space, device, address in ((self.near, "veth0", HERE), (self.far, "veth1", THERE)):
            self.inside(space, "ip", "address", "add", f"{address}/24", "dev", device)
            self.inside(space, "ip", "link", "set", device, "up")
        self.resolver.mkdir(parents=True)
        (self.resolver / "hosts").write_text(f"{THERE} {NAME}\n")
        (self.resolver / "resolv.conf").write_text(f"nameserver {THERE}\n")

    def remove(self) -> None:
        for space in (self.near, self.far):
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)
        shutil.rmtree(self.resolver, ignore_errors=True)

    def inside(self, space: str, *words: str) -> str:
        return sh("ip", "netns", "exec", space, *words)

    @contextmanager
    def dropping(self, which: str) -> Iterator[Callable[[], int]]:
        """Such packets are dropped at the far end, in both directions; gives a function that counts them."""
        table = f"inet faults{len(which)}"
        self.inside(self.far, "nft", f"add table {table}")
        for hook in ("input", "output"):
            self.inside(self.far, "nft", f"add chain {table} {hook} {{ type filter hook {hook} priority 0; }}")
            self.inside(self.far, "nft", f"add rule {table} {hook} {which} counter drop")
        try:
            yield lambda: sum(
                map(int, re.findall(r"packets (\d+)", self.inside(self.far, "nft", f"list table {table}")))
            )
        finally:
            self.inside(self.far, "nft", f"delete table {table}")

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        self.inside(self.far, "ip", "link", "set", "veth1", "down")
        try:
            yield
        finally:
            self.inside(self.far, "ip", "link", "set", "veth1", "up")


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    for tool in ("ip", "nft"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} IS ABSENT: install Debian's packages iproute2 and nftables")
    cable = Cable()
    try:
        try:
            cable.lay()
        except AssertionError as error:
            pytest.skip(f"NO NETWORK NAMESPACES HERE: {error}")
        yield cable
    finally:
        cable.remove()


@pytest.fixture(scope="module")
def world(cable: Cable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A town whose sync and whose server are at the two ends of the cable."""
    folder = tmp_path_factory.mktemp("spaces")
    town, authority = Town(folder), Authority(folder, "union")
    cert, key = authority.certify(NAME)
    serve = ("central", "serve", "--data", str(town.central), "--host", THERE, "--port", str(PORT))
    with ExitStack() as stack:
        https = ("--cert", str(cert), "--key", str(key))
        stack.enter_context(town.house.program(*serve, *https, under=at(cable.far)))
        enrol(town.house, town.central, cable, authority.file)
        stack.enter_context(town.house.station())
        sync = stack.enter_context(town.house.program("sync", under=at(cable.near)))
        yield World(town, sync)


def at(space: str) -> tuple[str, ...]:
    return "ip", "netns", "exec", space


def enrol(house: House, central: Path, cable: Cable, ca_file: Path) -> None:
    """Through the cable; with the certificate of another authority nobody is believed."""
    stranger = Authority(house.folder, "stranger").file
    settings = house.config.read_text()
    claim = house.kiosk("central", "claim", CODE, "--data", str(central)).stdout.strip()

    def attempt(file: Path) -> subprocess.CompletedProcess[str]:
        url = f"https://{NAME}:{PORT}"
        table = f'[central]\nurl = "{url}"\nca_file = "{file}"\nback_off_cap = 2\ntelemetry_within = 0\ntimeout = 5\n'
        house.config.write_text(settings + table)
        words = house._command("enrol", url, claim)
        return subprocess.run([*at(cable.near), *words], check=False, capture_output=True, text=True)

    until(lambda: "vouches for" in attempt(stranger).stderr, "the stranger's refusal")
    done = attempt(ca_file)
    assert done.returncode == 0, done.stderr


def quiet(world: World, began: float, ticks: int) -> None:
    took, used = monotonic() - began, world.ticks() - ticks
    assert used <= 100 + 60 * took, f"{used / 100} s of the processor in {took:.0f} s"


def test_with_a_third_of_all_packets_lost_everything_arrives(world: World, cable: Cable) -> None:
    until(world.arrived, "what went before")
    began, ticks = monotonic(), world.ticks()
    with cable.dropping("numgen random mod 100 < 30") as dropped:
        while dropped() < 50:
            world.busy(2)
            until(world.arrived, "the arrival of everything", patience=60)
    quiet(world, began, ticks)


def test_a_black_hole_is_waited_for(world: World, cable: Cable) -> None:
    until(world.arrived, "what went before")
    began, ticks = monotonic(), world.ticks()
    with cable.dropping("meta l4proto tcp") as dropped:
        world.busy()
        until(lambda: "central" in world.town.house.view().faults, "the fault", patience=60)
        assert dropped()
    quiet(world, began, ticks)
    until(world.arrived, "the arrival of everything", patience=60)


def test_a_link_that_flaps_loses_nothing(world: World, cable: Cable) -> None:
    until(world.arrived, "what went before")
    for _ in range(5):
        with cable.unplugged():
            world.busy(2)
        world.busy(1)
    until(world.arrived, "the arrival of everything", patience=60)


def test_a_name_server_that_hangs_is_waited_for_and_the_door_does_not_care(world: World, cable: Cable) -> None:
    """The name is not in the hosts file any more, and the name server swallows every question."""
    until(world.arrived, "what went before")
    hosts, restore = cable.resolver / "hosts", (cable.resolver / "hosts").read_text()
    began, ticks = monotonic(), world.ticks()
    hosts.write_text("")
    with cable.dropping("udp dport 53") as asked:
        with cable.dropping("meta l4proto tcp"):
            world.busy()
            until(lambda: "central" in world.town.house.view().faults, "the broken connection", patience=60)
        until(lambda: asked() >= 4, "questions to the name server", patience=60)
        world.busy()
        assert not world.arrived()
    quiet(world, began, ticks)
    hosts.write_text(restore)
    until(world.arrived, "the arrival of everything", patience=90)
