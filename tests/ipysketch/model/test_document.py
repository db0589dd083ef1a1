"""A replica's document, and what the relay packs."""

from __future__ import annotations

import zlib

import pytest

from ipysketch.model import document as module
from ipysketch.model.document import Document, Gap, digest, unpack
from relay.protocol import Commit, Create, Entry, RemoteError


def commit(seq: int) -> Commit:
    return Commit(seq, 100 * seq, 0.0, "client", seq, "ada", (Create(f"k{seq}", {"n": seq}),))


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_only_the_next_commit_is_applied(seq: int) -> None:
    document = Document()
    document.apply(commit(1))
    before = document.digest()
    with pytest.raises(Gap, match=f"commit {seq} came after 1"):
        document.apply(commit(seq))
    assert (document.seq, document.mark, document.digest()) == (1, 100, before)
    document.apply(commit(2))
    assert (document.seq, document.mark, list(document.entries)) == (2, 200, ["k1", "k2"])


def test_a_digest_is_that_of_the_entries_whatever_their_order() -> None:
    one = Entry("a", (1, 0), "ada", 0.0, "", {"x": 1, "y": 2}, {"x": 1, "y": 3})
    same = Entry("a", (1, 0), "ada", 0.0, "", {"y": 2, "x": 1}, {"y": 3, "x": 1})
    other = Entry("b", (2, 0), "ada", 0.0, "", {}, {})
    assert digest({"a": one, "b": other}) == digest({"b": other, "a": same})
    changed = Entry("a", (1, 0), "ada", 0.0, "", {"x": 1, "y": 2}, {"x": 1, "y": 4})
    assert digest({"a": one}) != digest({"a": changed})


def test_a_stream_is_unpacked_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SNAPSHOT", 1000)
    assert unpack(zlib.compress(bytes(1000))) == bytes(1000)
    with pytest.raises(RemoteError, match="larger than this client can open"):
        unpack(zlib.compress(bytes(1001)))
    for stream in (zlib.compress(bytes(1000))[:-1], b""):
        with pytest.raises(RemoteError, match="cut short"):
            unpack(stream)
    with pytest.raises(RemoteError, match="could not be unpacked"):
        unpack(b"nonsense")
