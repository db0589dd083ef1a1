"""A relay below a path, with proxies that keep it and proxies that take it away."""

from __future__ import annotations

import pytest

from relay.access.base_path import BasePath, base_path

DRAW = BasePath("/draw/")
ADA = BasePath("/user/ada@school.example/sketch/")


@pytest.mark.parametrize(
    ("base", "target", "below"),
    [
        (BasePath(), "/r/main?view", "/r/main?view"),
        (BasePath(), "/draw/r/main", "/draw/r/main"),
        (DRAW, "/draw/r/main?view", "/r/main?view"),
        (DRAW, "/r/main?view", "/r/main?view"),
        (DRAW, "/draw/", "/"),
        (DRAW, "/draw", ""),
        (DRAW, "/draw?x", "?x"),
        (DRAW, "/", "/"),
        (DRAW, "/drawing/r/main", "/drawing/r/main"),
        (DRAW, "/draw/draw/r/main", "/draw/r/main"),
        (ADA, "/user/ada%40school.example/sketch/r/a%20b", "/r/a%20b"),
        (BasePath("/user/ada%40school.example/"), "/user/ada@school.example/healthz", "/healthz"),
    ],
)
def test_what_is_asked_for_does_not_depend_on_the_proxy(base: BasePath, target: str, below: str) -> None:
    assert base.below(target) == below


@pytest.mark.parametrize(
    ("base", "target", "is_socket"),
    [
        (BasePath(), "/", True),
        (BasePath(), "/anything/else", True),
        (DRAW, "/", True),
        (DRAW, "/draw", True),
        (DRAW, "/draw/?x", True),
        (DRAW, "/other/", False),
        (DRAW, "/draw/r/main", False),
    ],
)
def test_a_websocket_is_where_the_relay_is(base: BasePath, target: str, is_socket: bool) -> None:
    assert base.is_socket(target) is is_socket


@pytest.mark.parametrize(
    ("text", "path"),
    [("", "/"), ("/", "/"), ("draw", "/draw/"), ("/a/b/", "/a/b/"), ("/user/a%40b", "/user/a%40b/")],
)
def test_slashes_at_the_ends_may_be_left_out(text: str, path: str) -> None:
    assert base_path(text) == BasePath(path)


@pytest.mark.parametrize(
    "text", ["/a b/", "/../x/", "/%2e%2e/", "/a?b", "/a#b", "/ä/", "/%zz/", "/r/", "/page/x/"]
)
def test_what_is_no_path_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^--base-url "):
        base_path(text)
