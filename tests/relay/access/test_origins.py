"""Names, origins, proxies, and where a relay may listen."""

from __future__ import annotations

import pytest

from relay.access.origins import OriginPolicy, bind_refusal, frame_ancestor

SCHOOL = OriginPolicy("https://draw.school.example", ("relay.internal",), ("https://lab.example:8443/",))


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
    assert OriginPolicy(hops=hops).address("10.0.0.9", forwarded) == who


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


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://localhost:8765", "localhost:8765", True),
        ("https://LOCALHOST:8765", "localhost:8765", True),
        ("http://localhost:8766", "localhost:8765", False),
        ("http://evil.example", "localhost:8765", False),
        ("http://", "", False),
    ],
)
def test_a_relay_without_a_public_address_allows_the_pages_that_it_serves(
    origin: str, host: str, ours: bool
) -> None:
    policy = OriginPolicy()
    assert policy.allows_host("localhost:8765")
    assert not policy.allows_host("draw.school.example")
    assert policy.allows_origin(origin, host) is ours


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("fe80::1%\x1b[31m", "fe80::1"),
        ("[FE80:0:0::1%eth0]", "fe80::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:DB8::1", "2001:db8::1"),
        ("1.2.3.4\x1b[31m", "10.0.0.9"),
    ],
)
def test_an_address_has_one_spelling_and_nothing_else_in_it(said: str, who: str) -> None:
    assert OriginPolicy(hops=1).address("10.0.0.9", [said]) == who


def test_a_relay_that_asks_for_tokens_answers_to_every_name() -> None:
    policy = OriginPolicy(any_name=True)
    assert policy.allows_host("rebound.example")
    assert not policy.allows_host("")
    assert not policy.allows_origin("https://evil.example", "127.0.0.1:8765")


@pytest.mark.parametrize("text", ["https://lms.example", "http://localhost:8080/", "https://*.school.example"])
def test_an_origin_may_show_pages_in_a_frame(text: str) -> None:
    assert frame_ancestor(text) == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "lms.example",
        "https://lms.example/path",
        "https://a.example; script-src *",
        "data:x",
        "https://[::1",
    ],
)
def test_what_is_no_origin_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^--frame-ancestors takes an origin"):
        frame_ancestor(text)
