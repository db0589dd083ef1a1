"""Proxies in front of a relay, run with the files of docs/deploy as they are: only ports and certificates differ."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from .http import fetch
from .processes import ROOT, RelayProcess, free_port
from .waiting import wait_until

DEPLOY = ROOT / "docs" / "deploy"
FORMS = {"an address of its own": "/", "a path that is kept": "/draw/", "a path that is taken away": "/sketch/"}
"""The ways in which each file has a relay, and the path of each."""
NAME = "draw.school.example"
MODULES = (
    *("mpm_event", "authz_core", "alias", "setenvif", "socache_shmcb", "ssl", "proxy", "proxy_http"),
    "http2",
)


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost and draw.school.example: the chain, the key, both in one file, who issued it."""

    chain: Path
    key: Path
    both: Path
    issuer: Path

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.issuer)


def make_certificate(folder: Path) -> Certificate:
    issuer = trustme.CA()
    made = issuer.issue_cert("localhost", "127.0.0.1", NAME)
    result = Certificate(*(folder / name for name in ("chain.pem", "key.pem", "both.pem", "issuer.pem")))
    made.private_key_pem.write_to_path(result.key)
    made.private_key_and_cert_chain_pem.write_to_path(result.both)
    issuer.cert_pem.write_to_path(result.issuer)
    result.chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    return result


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs at a port, encrypted with `certificate`."""

    name: str
    port: int
    certificate: Certificate
    relay: RelayProcess | None = None

    def socket_address(self, form: str) -> str:
        return f"wss://localhost:{self.port}{FORMS[form]}"

    def page_address(self, form: str, room: str) -> str:
        return f"https://localhost:{self.port}{FORMS[form]}r/{room}"


Edit = Callable[[str], str]


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """`text` with the first of each pair, which must be in it, as the second."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the file any more"
        text = text.replace(old, new)
    return text


def _nginx(text: str, port: int, certificate: Certificate, folder: Path) -> tuple[Path, list[str | Path]]:
    text = replaced(
        text,
        ("listen 443", f"listen 127.0.0.1:{port}"),
        (f"/etc/ssl/{NAME}.pem", str(certificate.chain)),
        (f"/etc/ssl/{NAME}.key", str(certificate.key)),
    )
    (folder / "site.conf").write_text(text)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "whole.conf"
    # As root its workers would be somebody else, who may not read the certificate.
    user = "user root;\n" if os.getuid() == 0 else ""
    whole.write_text(
        f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}\ninclude {folder}/site.conf;\n}}\n"
    )
    return whole, ["nginx", "-e", "stderr", "-p", folder, "-c", whole]


def _haproxy(text: str, port: int, certificate: Certificate, folder: Path) -> tuple[Path, list[str | Path]]:
    file = folder / "haproxy.cfg"
    file.write_text(
        replaced(
            text,
            ("bind :443", f"bind 127.0.0.1:{port}"),
            (f"/etc/ssl/{NAME}.both.pem", str(certificate.both)),
        )
    )
    return file, ["haproxy", "-db", "-f", file]


def _caddy(text: str, port: int, certificate: Certificate, folder: Path) -> tuple[Path, list[str | Path]]:
    file = folder / "Caddyfile"
    site = replaced(
        text, (f"{NAME} {{", f"https://localhost:{port} {{\n\ttls {certificate.chain} {certificate.key}")
    )
    file.write_text(f"{{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}}\n{site}")
    return file, ["caddy", "run", "--adapter", "caddyfile", "--config", file]


def _apache(text: str, port: int, certificate: Certificate, folder: Path) -> tuple[Path, list[str | Path]]:
    file = folder / "apache.conf"
    site = replaced(
        text,
        ("<VirtualHost *:443>", f"<VirtualHost *:{port}>"),
        (f"/etc/ssl/{NAME}.pem", str(certificate.chain)),
        (f"/etc/ssl/{NAME}.key", str(certificate.key)),
    )
    modules = "\n".join(
        f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so" for module in MODULES
    )
    user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
    file.write_text(
        f"ServerName localhost\nServerRoot {folder}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n{modules}\n"
        f"{user}DefaultRuntimeDir {folder}\nMutex posixsem\nListen 127.0.0.1:{port}\n{site}"
    )
    return file, ["apache2", "-f", file, "-DFOREGROUND"]


PROXIES = {
    "nginx": ("nginx.conf", _nginx),
    "haproxy": ("haproxy.cfg", _haproxy),
    "caddy": ("Caddyfile", _caddy),
    "apache": ("apache.conf", _apache),
}
"""The proxies that tests run: the file of each, and how it is run."""


@contextlib.contextmanager
def proxy_to(
    relay_port: int, name: str, certificate: Certificate, folder: Path, edit: Edit = lambda text: text
) -> Iterator[Proxy]:
    """The proxy `name` in front of a port, with its file of docs/deploy after `edit`."""
    file, prepare = PROXIES[name]
    port = free_port()
    text = edit(replaced((DEPLOY / file).read_text(), ("127.0.0.1:8765", f"127.0.0.1:{relay_port}")))
    folder.mkdir(parents=True, exist_ok=True)
    _, command = prepare(text, port, certificate, folder)
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    program = shutil.which(str(command[0]), path=path)
    assert program, f"{command[0]} is not installed; `make proxies` does that where it may"
    output = folder / "output.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={
                **os.environ,
                "HOME": str(folder),
                "XDG_DATA_HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
            },
        )
    try:

        def listens() -> bool:
            assert process.poll() is None, output.read_text() + text
            with contextlib.suppress(OSError):
                return bool(fetch(port, "/healthz", tls=certificate.trust).status)
            return False

        wait_until(listens, f"{name} listens")
        yield Proxy(name, port, certificate)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[dict[str, Proxy]]:
    """All proxies, in front of one relay that asks for tokens."""
    folder = tmp_path_factory.mktemp("proxied")
    folder.chmod(0o755)  # Apache's workers are somebody else.
    relay = RelayProcess(
        folder,
        None,
        *("--require-token", "--behind-proxy", "--public-url", "https://localhost/draw/"),
        *("--allow-origin", "https://lab.example"),
    )
    with contextlib.ExitStack() as stack:
        stack.callback(relay.stop)
        running = {}
        for name in PROXIES:
            proxy = stack.enter_context(proxy_to(relay.port, name, certificate, folder / name))
            running[name] = Proxy(name, proxy.port, certificate, relay)
        yield running
