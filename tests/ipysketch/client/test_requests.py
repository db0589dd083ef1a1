"""Requests find their own answers: by id, and at a relay of 0.1.0, which names none, by their kind."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from ipysketch.client.requests import Request, Requests
from ipysketch.errors import SketchError
from ipysketch.model.history import HistoryRange
from relay.protocol import Commit, Done, Error, History, Lock, Mint, Minted, PeerLeft, Read, Remove, RoomState


class Relay:
    """Notes what it was sent."""

    def __init__(self, *, named: bool) -> None:
        self.sent: list[Request] = []
        self.requests = Requests(self.sent.append)
        self.requests.named = named

    async def got(self, count: int) -> list[Request]:
        """All that was sent, once that is `count` requests."""
        async with asyncio.timeout(20):
            while len(self.sent) < count:
                await asyncio.sleep(0)
        return self.sent


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(bounded())


def stretch(first: int, last: int, re: int = 0) -> HistoryRange:
    """The entries `first` to `last` of some log, as a relay sends them."""
    commits = [Commit(seq, 0, float(seq), "c", seq, "a", ()) for seq in range(first, last + 1)]
    stream = zlib.compress(msgspec.json.encode({"entries": [], "commits": commits}))
    read = HistoryRange(History(first - 1, last, 1, len(stream), re=re))
    assert read.chunk(stream)
    return read


def test_several_requests_each_get_their_own_answer() -> None:
    async def story() -> None:
        relay = Relay(named=True)
        asked = [asyncio.create_task(relay.requests.remove(peer)) for peer in ("a", "b", "c")]
        asked.append(asyncio.create_task(relay.requests.lock(True)))
        sent = {getattr(each, "peer", "lock"): each for each in await relay.got(4)}
        a, b, c, lock = (sent[name] for name in ("a", "b", "c", "lock"))
        assert len({each.id for each in relay.sent}) == 4
        relay.requests.answered(Done(re=lock.id))
        relay.requests.answered(Done(re=c.id))
        assert relay.requests.refused(Error("no-such-peer", "b has left", re=b.id))
        await asked[3]
        await asked[2]
        with pytest.raises(SketchError, match="b has left") as refused:
            await asked[1]
        assert refused.value.code == "no-such-peer"
        assert not asked[0].done(), "the error of one never fails another"
        relay.requests.answered(Done(re=a.id))
        await asked[0]

    run(story)


def test_an_error_that_names_no_request_is_only_a_notice() -> None:
    async def story() -> None:
        relay = Relay(named=True)
        asked = asyncio.create_task(relay.requests.mint("editor", "Ada", 60.0))
        [mint] = await relay.got(1)
        for code in ("too-fast", "role", "no-tokens"):
            assert not relay.requests.refused(Error(code, "about a cursor"))
        relay.requests.answered(RoomState(True))
        assert not asked.done()
        relay.requests.answered(Minted("the token", "its id", re=mint.id))
        assert await asked == "the token"

    run(story)


def test_an_answer_to_a_request_that_nobody_waits_for_changes_nothing() -> None:
    async def story() -> None:
        relay = Relay(named=True)
        given_up = asyncio.create_task(relay.requests.lock(True))
        [first] = await relay.got(1)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        asked = asyncio.create_task(relay.requests.lock(False))
        second = (await relay.got(2))[1]
        assert relay.requests.refused(Error("store", "too late", re=first.id)), "and it is no notice either"
        relay.requests.answered(Done(re=first.id))
        assert not asked.done()
        relay.requests.answered(Done(re=second.id))
        await asked

    run(story)


def test_what_a_relay_does_one_at_a_time_is_sent_one_at_a_time() -> None:
    async def story() -> None:
        relay = Relay(named=True)
        reads = [asyncio.create_task(relay.requests.read(n, n)) for n in (1, 2)]
        removed = asyncio.create_task(relay.requests.remove("p"))
        first, remove = await relay.got(2)
        assert isinstance(first, Read)
        assert isinstance(remove, Remove)
        relay.requests.answered(stretch(1, 1, re=first.id))
        second = (await relay.got(3))[2]
        relay.requests.answered(stretch(2, 2, re=second.id))
        relay.requests.answered(Done(re=remove.id))
        await removed
        assert [(await read).announced.last for read in reads] == [1, 2]

    run(story)


def test_a_lost_connection_fails_all_of_them() -> None:
    async def story() -> None:
        relay = Relay(named=True)
        asked = [asyncio.create_task(relay.requests.remove(peer)) for peer in ("a", "b")]
        await relay.got(2)
        relay.requests.lost()
        for each in asked:
            with pytest.raises(SketchError, match="the connection was lost"):
                await each

    run(story)


def test_a_relay_that_does_not_answer_fails_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        relay = Relay(named=True)
        with pytest.raises(SketchError, match="did not answer in time"):
            await relay.requests.lock(True)

    monkeypatch.setattr("ipysketch.client.requests.ANSWER_WAIT", 0.001)
    run(story)


# --- a relay of 0.1.0 ------------------------------------------------------------------------------------


def test_answers_without_names_go_to_the_oldest_request_that_they_fit() -> None:
    async def story() -> None:
        relay = Relay(named=False)
        asked = [asyncio.create_task(relay.requests.remove(peer)) for peer in ("a", "b", "a")]
        asked.append(asyncio.create_task(relay.requests.lock(True)))
        await relay.got(4)
        relay.requests.answered(RoomState(False))
        relay.requests.answered(Minted("token", "id"))
        relay.requests.answered(PeerLeft("b"))
        await asked[1]
        assert not any(each.done() for each in (asked[0], asked[2], asked[3]))
        relay.requests.answered(PeerLeft("a"))
        await asked[0]
        assert not asked[2].done(), "one answer is for one request"
        relay.requests.answered(RoomState(True))
        await asked[3]
        relay.requests.answered(PeerLeft("a"))
        await asked[2]

    run(story)


def test_a_read_and_a_token_are_answered_without_names() -> None:
    async def story() -> None:
        relay = Relay(named=False)
        read = asyncio.create_task(relay.requests.read(3, 5))
        assert isinstance((await relay.got(1))[0], Read)
        relay.requests.answered(stretch(3, 5))
        assert [commit.seq for commit in (await read).commits] == [3, 4, 5]
        minted = asyncio.create_task(relay.requests.mint("viewer", "", 60.0))
        assert isinstance((await relay.got(2))[1], Mint)
        relay.requests.answered(Minted("token", "id"))
        assert await minted == "token"

    run(story)


def test_an_error_without_a_name_fails_only_a_request_that_can_get_it() -> None:
    async def story() -> None:
        relay = Relay(named=False)
        removed = asyncio.create_task(relay.requests.remove("p"))
        locked = asyncio.create_task(relay.requests.lock(True))
        assert {type(each) for each in await relay.got(2)} == {Lock, Remove}
        assert not relay.requests.refused(Error("too-fast", "about a cursor"))
        assert not relay.requests.refused(Error("no-tokens", "about nothing that was asked"))
        assert relay.requests.refused(Error("store", "the disk is full"))
        with pytest.raises(SketchError, match="the disk is full"):
            await locked
        assert not removed.done()
        assert relay.requests.refused(Error("role", "an editor may not do that"))
        with pytest.raises(SketchError, match="an editor may not"):
            await removed

    run(story)
