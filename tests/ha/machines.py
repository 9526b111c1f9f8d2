"""Three machines with PostgreSQL, patroni and etcd, and one for the central server, as network namespaces on one switch.

The programs are Debian's but for patroni, run under an ordinary account, and read config/cluster, in which only places and
passwords are others. What this is not: three machines. They share a disk, a clock and two processors; a cable that is cut is
a real black hole, but no machine loses its power. Needs root, for the namespaces.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from tests.conftest import ROOT
from tests.databases import programs
from tests.programs.house import until

CONFIG = ROOT / "config" / "cluster"
NET = "192.0.2"
NAMES = ("db1", "db2", "db3")
WEB = "web"
NEEDED = ("ip", "setpriv", "curl", "psql", "etcd", "etcdctl")
PATRONI = ROOT / "build" / "patroni" / "bin" / "patroni"
PATIENCE = 180.0


def absent() -> list[str]:
    """Programs that are not installed."""
    missing = [each for each in NEEDED if shutil.which(each) is None]
    return missing + ["postgres"] * (not programs()) + ["patroni"] * (not PATRONI.exists())


def sh(*words: str, check: bool = True) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert not check or done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


class Machine(Struct, frozen=True):
    """A namespace with a cable to the switch, and a folder as its disk."""

    name: str
    address: str
    folder: Path
    started: list[subprocess.Popen[bytes]] = []

    @property
    def space(self) -> str:
        return f"yizhan-{os.getpid()}-{self.name}"

    @property
    def cable(self) -> str:
        """The switch's end of it."""
        return f"y{os.getpid()}-{self.name}"

    def at(self, *words: str) -> list[str]:
        """That command on this machine."""
        return ["ip", "netns", "exec", self.space, *words]

    def cut(self) -> None:
        sh("ip", "link", "set", self.cable, "down")

    def mend(self) -> None:
        sh("ip", "link", "set", self.cable, "up")

    def pids(self, what: str) -> list[int]:
        """Of the machine's processes, those whose command begins with that program."""
        found = []
        for pid in map(int, sh("ip", "netns", "pids", self.space).split()):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
            except OSError:
                continue
            if re.search(rf"(^|[/\0]){what}\b", words):
                found.append(pid)
        return found

    def send(self, number: signal.Signals, *programs: str) -> None:
        for what in programs:
            _kill(self.pids(what), number)

    def start(self, *words: str) -> None:
        """As the ordinary account, in the background, its words in a file."""
        account = pwd.getpwnam("nobody")
        become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **self.etcd()}
        with (self.folder / f"{Path(words[0]).name}.log").open("ab") as log:
            process = subprocess.Popen(
                self.at(*become, *words),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment,
                start_new_session=True,
            )
        self.started.append(process)

    def etcd(self) -> dict[str, str]:
        """The example's settings, for this machine."""
        found = dict(re.findall(r"^(ETCD_\w+)=(.*)$", _own((CONFIG / "etcd").read_text(), self), re.MULTILINE))
        return {**found, "ETCD_DATA_DIR": str(self.folder / "etcd")}

    def write_patroni(self) -> None:
        """The example's settings, for this machine."""
        binaries = programs()
        instead = {
            "/var/lib/postgresql/15/yizhan": str(self.folder / "data"),
            "/usr/lib/postgresql/15/bin": str(binaries),
            "/var/run/postgresql": str(self.folder),
            "local all postgres peer": "local all postgres trust",
            "PASSWORD-OF-POSTGRES": "one",
            "PASSWORD-OF-REPLICATOR": "two",
            "PASSWORD-OF-REWINDER": "three",
            "mode: automatic": "mode: 'off'",
            "archive_command: pgbackrest --stanza=yizhan archive-push %p": 'archive_command: "true"',
        }
        text = _own((CONFIG / "patroni.yml").read_text(), self)
        for ours, theirs in instead.items():
            assert ours in text, ours
            text = text.replace(ours, theirs)
        (self.folder / "patroni.yml").write_text(text)


def _kill(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _own(text: str, machine: Machine) -> str:
    """The example is db1's: on another its own name and address stand where db1 has its own, and all where there are all."""

    def line(each: str) -> str:
        if "db2" in each or f"{NET}.12" in each:
            return each
        return each.replace(f"{NET}.11", machine.address).replace("db1", machine.name)

    return "\n".join(map(line, text.splitlines())) + "\n"


class Cluster:
    """The machines, and what patroni says of them."""

    def __init__(self, folder: Path) -> None:
        self.machines = {name: Machine(name, f"{NET}.{11 + at}", folder / name) for at, name in enumerate(NAMES)}
        self.web = Machine(WEB, f"{NET}.10", folder / WEB)
        self._switch = f"y{os.getpid()}-br"

    def lay(self) -> None:
        sh("ip", "link", "add", self._switch, "type", "bridge")
        sh("ip", "link", "set", self._switch, "up")
        account = pwd.getpwnam("nobody")
        for each in self.all():
            each.folder.mkdir(parents=True)
            os.chown(each.folder, account.pw_uid, account.pw_gid)
            sh("ip", "netns", "add", each.space)
            sh("ip", "link", "add", each.cable, "type", "veth", "peer", "name", "eth0", "netns", each.space)
            sh("ip", "link", "set", each.cable, "master", self._switch)
            each.mend()
            for words in ("address add {}/24 dev eth0", "link set eth0 up", "link set lo up"):
                sh(*each.at("ip", *words.format(each.address).split()))

    def all(self) -> Sequence[Machine]:
        return *self.machines.values(), self.web

    def remove(self) -> None:
        for each in self.all():
            _kill(map(int, sh("ip", "netns", "pids", each.space, check=False).split()), signal.SIGKILL)
            for process in each.started:
                process.wait()
            sh("ip", "netns", "delete", each.space, check=False)
        sh("ip", "link", "delete", self._switch, check=False)

    def begin(self) -> None:
        """Until there is a primary, a synchronous standby and another one, and our database."""
        for each in self.machines.values():
            each.write_patroni()
            each.start("etcd")
        until(self.etcd_leader, "etcd", PATIENCE)
        for each in self.machines.values():
            each.start(str(PATRONI), "patroni.yml")
        until(self.settled, "three databases", PATIENCE)
        for statement in (f"CREATE ROLE {USER} LOGIN PASSWORD '{USER}'", f"CREATE DATABASE {USER} OWNER {USER}"):
            sh(*self.web.at("psql", self.dsn("postgres", "one", "postgres"), "-c", statement))

    def dsn(self, user: str = "", password: str = "", database: str = "") -> str:
        hosts = ",".join(each.address for each in self.machines.values())
        user = user or USER
        return f"postgresql://{user}:{password or USER}@{hosts}/{database or USER}?target_session_attrs=read-write"

    def seen_by(self, machine: Machine) -> dict[str, str]:
        """The roles of those that work, as that one's patroni sees them; none when it does not answer."""
        url = f"http://{machine.address}:8008/cluster"
        answer = sh(*self.web.at("curl", "-s", "-m", "2", url), check=False)
        members = json.loads(answer)["members"] if answer else []
        return {each["name"]: each["role"] for each in members if each["state"] in {"running", "streaming"}}

    def role(self, role: str) -> Machine | None:
        """The machine that is `leader`, or `sync_standby`, as the first that answers sees it."""
        seen = next((roles for each in self.machines.values() if (roles := self.seen_by(each))), {})
        return next((self.machines[name] for name, theirs in seen.items() if theirs == role), None)

    def settled(self) -> bool:
        """Whether all three see all three at work, in their three roles."""
        seen = [self.seen_by(each) for each in self.machines.values()]
        roles = ["leader", "replica", "sync_standby"]
        return all(each == seen[0] and sorted(each.values()) == roles for each in seen)

    def etcd_leader(self) -> Machine | None:
        for each in self.machines.values():
            url = f"http://{each.address}:2379"
            words = ("etcdctl", "--endpoints", url, "--command-timeout=2s", "endpoint", "status", "-w", "json")
            done = subprocess.run(self.web.at(*words), capture_output=True, text=True, check=False, env=ETCD_3)
            if done.returncode == 0 and done.stdout.strip():
                status = json.loads(done.stdout)[0]["Status"]
                if status["leader"] == status["header"]["member_id"]:
                    return each
        return None


USER = "yizhan"
ETCD_3 = {**os.environ, "ETCDCTL_API": "3"}


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A running one, until the block ends."""
    found = Cluster(folder)
    with ExitStack() as stack:
        stack.callback(found.remove)
        found.lay()
        found.begin()
        yield found
