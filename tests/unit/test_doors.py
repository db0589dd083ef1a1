"""Names, origins, proxies, and where a relay may listen."""

from __future__ import annotations

import pytest

from relay.doors import Doors, bind_refusal

SCHOOL = Doors("https://draw.school.example", ("relay.internal",), ("https://lab.example:8443/",))


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8765", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:8765", True),
        ("192.168.1.7:8765", True),
        ("draw.school.example", True),
        ("relay.internal:80", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_only_our_names(host: str, ours: bool) -> None:
    assert SCHOOL.allows_host(host) is ours


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        (None, True),
        ("https://draw.school.example", True),
        ("https://lab.example:8443", True),
        ("http://draw.school.example", False),
        ("https://lab.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_allowed_pages(origin: str | None, ours: bool) -> None:
    assert SCHOOL.allows_origin(origin) is ours


@pytest.mark.parametrize(
    ("hops", "forwarded", "who"),
    [
        (0, ["1.1.1.1"], "10.0.0.9"),
        (1, [], "10.0.0.9"),
        (1, ["1.1.1.1"], "1.1.1.1"),
        (1, ["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        (1, ["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
        (2, ["6.6.6.6, 1.1.1.1, 2.2.2.2"], "1.1.1.1"),
        (2, ["1.1.1.1"], "10.0.0.9"),
        (1, ["<script>"], "10.0.0.9"),
    ],
)
def test_only_as_many_proxies_are_believed_as_there_are(hops: int, forwarded: list[str], who: str) -> None:
    assert Doors(hops=hops).address("10.0.0.9", forwarded) == who


NOTHING = {"encrypted": False, "tokens": False, "behind_proxy": False, "insecure_lan": False}


@pytest.mark.parametrize(
    ("host", "given", "missing"),
    [
        ("127.0.0.1", (), ()),
        ("::1", (), ()),
        ("localhost", (), ()),
        ("0.0.0.0", (), ("--require-token", "--cert")),
        ("relay.example", ("encrypted",), ("--require-token",)),
        ("0.0.0.0", ("tokens",), ("--cert",)),
        ("0.0.0.0", ("tokens", "encrypted"), ()),
        ("0.0.0.0", ("tokens", "insecure_lan"), ()),
        ("0.0.0.0", ("insecure_lan",), ("--require-token",)),
        ("0.0.0.0", ("behind_proxy",), ()),
    ],
)
def test_where_a_relay_may_listen(host: str, given: tuple[str, ...], missing: tuple[str, ...]) -> None:
    said = bind_refusal(host, **{**NOTHING, **dict.fromkeys(given, True)})
    assert bool(said) is bool(missing)
    for option in ("--require-token", "--cert"):
        assert (option in said) is (option in missing)
