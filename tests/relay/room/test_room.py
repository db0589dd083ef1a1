"""One room by itself: limits at their edges, roles at work, checkpoints, and who is remembered."""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import msgspec
import pytest

import relay.room.clients
import relay.room.log
from relay.limits import Limits
from relay.protocol import (
    CLOSE_ERASED,
    CLOSE_REMOVED,
    Action,
    Clear,
    Commit,
    Create,
    Delete,
    Done,
    Entry,
    Error,
    History,
    Join,
    Lock,
    Operate,
    Patch,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    Presence,
    Preview,
    Read,
    Refused,
    RemoteError,
    Remove,
    Revert,
    RoomState,
    Snapshot,
    Welcome,
    decode_server,
)
from relay.records import Checkpoint, LoadedRoom, LogRange
from relay.room.compact import compress
from relay.room.history import encode_history
from relay.room.joining import NO_FACTS
from relay.room.log import size_of
from relay.room.peer import Peer
from relay.room.permissions import Role
from relay.room.room import Room

from ...support.stores import memory_store


class Scene:
    """A room over a store in memory, and peers that hear everything at once."""

    def __init__(self, **limits: Any) -> None:
        self.store = memory_store()
        self.limits = Limits(**limits)
        self.ids = (f"{n:016x}{n:016x}" for n in itertools.count(1))
        self.marks = itertools.count(1000)
        self.room = self.open()

    def open(self) -> Room:
        loaded = self.store.load("algebra", "epoch")
        return Room("algebra", loaded, lambda: next(self.ids), lambda: next(self.marks), self.limits)

    def join(self, name: str = "Ada", role: Role = Role.MODERATOR, **fields: Any) -> Peer:
        join = Join("algebra", name=name, secret=name, **fields)
        found = (
            self.store.find("algebra", join.client, join.seq)
            if self.room.needs_store_lookup(join)
            else NO_FACTS
        )
        return self.room.join(join, found, role=role)

    def do(self, peer: Peer, *actions: Action) -> None:
        self.room.receive(peer, Operate(peer.client.accepted + 1, actions))
        self.settle()

    def settle(self) -> None:
        batch = self.room.queue.propose(1.0)
        if batch is not None:
            self.store.append([batch])
            self.room.queue.committed()

    def heard(self, peer: Peer, kind: type | tuple[type, ...]) -> list[Any]:
        """What `peer` is told now, of some kinds."""
        messages: list[Any] = []
        while (frame := self.room.delivery.collect(peer)) is not None:
            if isinstance(frame, str):
                messages += decode_server(frame)
        return [message for message in messages if isinstance(message, kind)]


def element(key: str, size: int = 0) -> Create[Any]:
    return Create(key, {"kind": "x", "text": "x" * size})


class TestLimits:
    def test_elements(self) -> None:
        scene = Scene(max_elements=3)
        ada = scene.join()
        for key in "ab":
            scene.do(ada, element(key))
        scene.do(ada, element("c"))
        assert not scene.heard(ada, Refused), "the third of three is taken"
        scene.do(ada, element("d"))
        [refused] = scene.heard(ada, Refused)
        assert (refused.code, refused.final) == ("board-full", True)
        assert scene.room.seq == 3
        scene.do(ada, Delete(("a",)))
        scene.do(ada, element("d"))
        assert not scene.heard(ada, Refused), "there is room again"

    def test_an_operation_that_is_too_much_leaves_nothing_behind(self) -> None:
        scene = Scene(max_elements=2)
        ada = scene.join()
        scene.do(ada, element("a"))
        scene.do(ada, Patch("a", {"text": "new"}), element("b"), element("c"))
        assert [refused.code for refused in scene.heard(ada, Refused)] == ["board-full"]
        scene.do(ada, element("b"))
        fresh = scene.heard(scene.join("Grace"), Snapshot)[0]
        assert fresh.count == 2
        assert scene.room.log.size == sum(map(size_of, scene.room.log.entries.values()))

    def test_bytes_of_the_drawing(self) -> None:
        one = size_of(
            msgspec.convert(
                {
                    "key": "a",
                    "first": (1, 0),
                    "author": "a" * 16,
                    "at": 0.0,
                    "page": "",
                    "fields": element("a", 100).fields,
                    "versions": {},
                },
                Entry,
            )
        )
        scene = Scene(max_drawing=2 * one)
        ada = scene.join()
        scene.do(ada, element("a", 99))
        scene.do(ada, element("b", 101))
        assert not scene.heard(ada, Refused), "exactly as many bytes as there may be"
        scene.do(ada, Patch("a", {"text": "x" * 100}))
        assert [refused.code for refused in scene.heard(ada, Refused)] == ["board-full"]
        scene.do(ada, Patch("b", {"text": "x" * 100}))
        scene.do(ada, Patch("a", {"text": "x" * 100}))
        assert not scene.heard(ada, Refused)

    def test_bytes_are_counted_again_after_a_restart(self) -> None:
        scene = Scene()
        ada = scene.join()
        for n in range(5):
            scene.do(ada, element(f"k{n}", 10 * n))
        scene.do(ada, Delete(("k1",)))
        assert scene.open().log.size == scene.room.log.size > 0

    def test_peers(self) -> None:
        scene = Scene(max_peers=2)
        ada = scene.join()
        grace = scene.join("Grace")
        with pytest.raises(RemoteError) as caught:
            scene.join("Lin")
        assert caught.value.code == "room-full"
        scene.room.leave(grace)
        scene.join("Lin")
        welcome = scene.heard(ada, Welcome)[0]
        scene.join(
            epoch="epoch", client=welcome.client, resume_key=welcome.resume_key
        )  # In place of the first.

    def test_length_of_a_name(self) -> None:
        scene = Scene(max_name=4)
        scene.join("Adaa")
        with pytest.raises(RemoteError) as caught:
            scene.join("Grace")
        assert caught.value.code == "bad-name"


class TestRoles:
    def test_a_viewer_sees_and_has_a_cursor_and_nothing_else(self) -> None:
        scene = Scene()
        viewer, ada = scene.join("Vi", Role.VIEWER), scene.join()
        scene.room.receive(viewer, Presence({"cursor": [1, 2]}))
        scene.do(ada, element("a"))
        assert scene.heard(viewer, Commit)
        scene.do(viewer, element("b"))
        assert [refused.code for refused in scene.heard(viewer, Refused)] == ["role"]
        messages: tuple[Any, ...] = (Preview("k", 0, (1, 2)), Lock(True), Remove(ada.id))
        for message in messages:
            with pytest.raises(RemoteError):
                scene.room.receive(viewer, message)
        with pytest.raises(RemoteError):
            scene.room.check_allowed(viewer, Read(1, 1))
        assert not ada.gone

    def test_an_editor_erases_what_is_its_own(self) -> None:
        scene = Scene()
        ada, ed = scene.join(), scene.join("Ed", Role.EDITOR)
        scene.do(ada, element("a"))
        scene.do(ed, element("e"))
        for actions in ([Delete(("a",))], [Delete(("e", "a"))], [Patch("a", {"n": 1})], [Clear()]):
            scene.do(ed, *actions)
            assert [refused.code for refused in scene.heard(ed, Refused)] == ["role"], actions
        scene.do(ed, Delete(("e",)))
        assert not scene.heard(ed, Refused)
        assert list(scene.room.log.entries) == ["a"]

    def test_an_undo_needs_the_right_of_what_it_comes_to(self) -> None:
        scene = Scene()
        ada = scene.join()
        scene.do(ada, element("a"))
        moderator = scene.join("Mo")
        scene.do(moderator, Delete(("a",)))
        erased = moderator.client.accepted
        moderator.role = Role.EDITOR
        scene.do(moderator, Revert(erased))
        assert [refused.code for refused in scene.heard(moderator, Refused)] == ["role"]
        moderator.role = Role.MODERATOR
        scene.do(moderator, Revert(erased))
        assert list(scene.room.log.entries) == ["a"]

    def test_a_locked_room(self) -> None:
        scene = Scene()
        ada, ed = scene.join(), scene.join("Ed", Role.EDITOR)
        scene.room.receive(ed, Preview("k", 0, (1, 2), {}))
        assert scene.heard(ada, PeerPreview)
        scene.room.lock(True)
        assert scene.heard(ada, PeerCancel), "ink under a hand that may not draw ends"
        assert [state.locked for state in scene.heard(ed, RoomState)] == [True]
        with pytest.raises(RemoteError, match="locked"):
            scene.room.receive(ed, Preview("l", 0, (1, 2), {}))
        scene.do(ed, element("e"))
        assert [refused.code for refused in scene.heard(ed, Refused)] == ["locked"]
        scene.do(ada, element("a"))
        late = scene.join("Late", Role.EDITOR)
        assert scene.heard(late, Welcome)[0].locked
        scene.room.lock(False)
        assert not scene.heard(ed, RoomState)[-1].locked
        scene.do(ed, element("e"))
        assert sorted(scene.room.log.entries) == ["a", "e"]

    def test_who_has_a_pen_draws_in_a_locked_room(self) -> None:
        scene = Scene()
        ada, ed, other = scene.join(), scene.join("Ed", Role.EDITOR), scene.join("Eve", Role.EDITOR)
        scene.room.receive(ed, Preview("k", 0, (1, 2), {}))
        scene.room.lock(True, pens=scene.room.authors_of([ed.id]))
        for peer in (ada, ed, other):
            told = scene.heard(peer, (PeerCancel, RoomState))
            assert told == [RoomState(True, (ed.id,))], "its ink goes on"
        scene.do(ed, element("e"))
        scene.do(other, element("o"))
        assert [refused.code for refused in scene.heard(other, Refused)] == ["locked"]
        with pytest.raises(RemoteError, match="locked"):
            scene.room.receive(other, Preview("l", 0, (1, 2), {}))
        scene.do(ed, Clear(""))
        assert [refused.code for refused in scene.heard(ed, Refused)] == ["role"], "a pen is no other role"
        # It is the author's, who may come again; whoever comes is told.
        again = scene.join("Ed", Role.EDITOR)
        assert scene.heard(again, RoomState)[-1].pens == (ed.id, again.id)
        assert scene.heard(ada, RoomState)[-1].pens == (ed.id, again.id)
        late = scene.join("Late", Role.EDITOR)
        assert scene.heard(late, RoomState)[-1].pens == (ed.id, again.id)
        scene.do(again, element("again"))
        # It is taken back, also of what waits.
        scene.room.receive(ed, Operate(ed.client.accepted + 1, (element("late"),)))
        scene.room.lock(True)
        scene.settle()
        told = scene.heard(ed, (Refused, RoomState))
        assert [each.code for each in told if isinstance(each, Refused)] == ["locked"]
        assert told[-1] == RoomState(True)
        scene.room.lock(False, pens=scene.room.authors_of([ed.id]))
        assert scene.heard(ed, RoomState)[-1] == RoomState(False)
        assert sorted(scene.room.log.entries) == ["again", "e"]

    def test_a_pen_is_for_people_who_are_here_and_draw(self) -> None:
        scene = Scene()
        eye, ed = scene.join("Eye", Role.VIEWER), scene.join("Ed", Role.EDITOR)
        scene.room.lock(True, pens=scene.room.authors_of(["gone", eye.id]))
        assert scene.heard(ed, RoomState)[-1].pens == (eye.id,)
        for peer, code in ((ed, "locked"), (eye, "role")):
            scene.do(peer, element(peer.id))
            assert [refused.code for refused in scene.heard(peer, Refused)] == [code]
        with pytest.raises(RemoteError, match="at most 64 people may have a pen"):
            scene.room.authors_of([ed.id] * 65)

    @pytest.mark.parametrize("stored", [True, False], ids=["stored", "not-stored"])
    def test_nothing_of_an_editor_follows_a_lock(self, stored: bool) -> None:
        scene = Scene()
        ada, ed = scene.join(), scene.join("Ed", Role.EDITOR)
        scene.heard(ada, Welcome)
        scene.room.receive(ed, Operate(1, (element("under-way"),)))
        batch = scene.room.queue.propose(1.0)
        assert batch is not None
        for op in (2, 3):
            scene.room.receive(ed, Operate(op, (element(f"queued-{op}"),)))
        scene.room.lock(True, ada, 7)
        assert not scene.heard(ada, (RoomState, Done)), "one is under way"
        if stored:
            scene.store.append([batch])
            scene.room.queue.committed()
        else:
            scene.room.queue.failed("the disk is full")
        scene.settle()
        kinds = [type(told) for told in scene.heard(ada, (Commit, RoomState, Done))]
        assert kinds == [*([Commit] if stored else []), RoomState, Done]
        refused = [(told.op, told.code) for told in scene.heard(ed, Refused)]
        assert refused == (
            [(2, "locked"), (3, "locked")] if stored else [(1, "store"), (2, "store"), (3, "store")]
        )
        scene.do(ada, element("moderators"))
        assert list(scene.room.log.entries) == [*(["under-way"] if stored else []), "moderators"]

    def test_what_waits_in_a_room_that_is_handed_over_stays_its_senders(self) -> None:
        scene = Scene()
        ada = scene.join()
        scene.room.receive(ada, Operate(1, (element("under-way"),)))
        batch = scene.room.queue.propose(1.0)
        assert batch is not None
        scene.room.receive(ada, Operate(2, (element("queued"),)))
        scene.room.queue.take_no_more()
        scene.room.receive(ada, Operate(3, (element("late"),)))
        assert scene.room.queue.unsettled == 1, "one is under way"
        scene.store.append([batch])
        scene.room.queue.committed()
        assert (scene.room.queue.unsettled, ada.unsettled) == (0, 0)
        assert [type(told) for told in scene.heard(ada, (Commit, Refused))] == [Commit]
        assert list(scene.open().log.entries) == ["under-way"]

    def test_a_viewer_who_resumes_is_told_the_drawing_and_not_what_was_erased(self) -> None:
        scene = Scene()
        ada = scene.join()
        scene.do(ada, element("erased"))
        scene.do(ada, Delete(("erased",)))
        scene.do(ada, element("kept"))
        for seq, mark in ((0, 0), (1, scene.room.log.mark(1))):
            eye = scene.join("Eye", Role.VIEWER, epoch="epoch", seq=seq, mark=mark)
            [welcome, snapshot] = scene.heard(eye, (Welcome, Snapshot, Commit))
            assert (welcome.reset, snapshot.seq, snapshot.count) == (False, 3, 1)
            ed = scene.join("Ed", Role.EDITOR, epoch="epoch", seq=seq, mark=mark)
            assert len(scene.heard(ed, Commit)) == 3 - seq
        same = scene.join("Eye", Role.VIEWER, epoch="epoch", seq=3, mark=scene.room.log.mark(3))
        assert not scene.heard(same, (Snapshot, Commit)), "nothing has happened since"

    def test_removing_somebody(self) -> None:
        scene = Scene()
        ada, ed, owner = scene.join(), scene.join("Ed", Role.EDITOR), scene.join("Olga", Role.OWNER)
        scene.room.receive(ada, Remove(ed.id))
        assert ed.closing is not None
        assert ed.closing[0] == CLOSE_REMOVED
        with pytest.raises(RemoteError, match="no longer here"):
            scene.room.receive(ada, Remove(ed.id))
        with pytest.raises(RemoteError, match="may not take"):
            scene.room.receive(ada, Remove(owner.id))

    def test_a_token_says_who_somebody_is(self) -> None:
        scene = Scene()
        peer = scene.room.join(Join("algebra", name="Root", secret="s"), subject="ada", token_name="Ada")
        other = scene.room.join(Join("algebra", secret="other"), subject="ada", token_name="Ada")
        assert peer.name == "Ada"
        assert peer.author == other.author
        with pytest.raises(RemoteError):
            scene.room.receive(peer, Presence({"name": "Root"}))
        scene.room.receive(peer, Presence({"name": "Ada", "tool": "pen"}))

    def test_another_author_does_not_continue_a_client(self) -> None:
        scene = Scene()
        ada = scene.join()
        scene.do(ada, element("a"))
        known = scene.heard(ada, Welcome)[0]
        again = scene.room.join(
            Join(
                "algebra",
                epoch="epoch",
                seq=1,
                mark=1000,
                client=known.client,
                resume_key=known.resume_key,
            ),
            subject="mallory",
        )
        [welcome] = scene.heard(again, Welcome)
        assert welcome.reset
        assert welcome.client != known.client

    def test_a_deleted_room_is_left_by_all(self) -> None:
        scene = Scene()
        peers = [scene.join(name) for name in "abc"]
        scene.room.close()
        assert [peer.closing[0] for peer in peers if peer.closing] == [CLOSE_ERASED] * 3
        assert not scene.room.peers


class TestRequests:
    def test_taking_somebody_out_is_answered_to_the_asker_alone(self) -> None:
        scene = Scene()
        ada, grace, lin = (scene.join(name) for name in ("Ada", "Grace", "Lin"))
        scene.room.receive(ada, Remove(lin.id, id=7))
        told = scene.heard(ada, (Done, PeerLeft))
        assert [message for message in told if isinstance(message, Done)] == [Done(re=7)]
        assert PeerLeft(lin.id) in told
        assert scene.heard(grace, (Done, PeerLeft)) == [PeerLeft(lin.id)]

    def test_a_request_without_an_id_gets_no_answer_that_clients_of_0_1_0_do_not_know(self) -> None:
        scene = Scene()
        ada, lin = scene.join("Ada"), scene.join("Lin")
        scene.room.receive(ada, Remove(lin.id))
        assert scene.heard(ada, (Done, PeerLeft)) == [PeerLeft(lin.id)]

    def test_an_error_names_the_request_that_it_is_told_of_and_else_none(self) -> None:
        scene = Scene()
        ada = scene.join()
        scene.room.send_error(ada, RemoteError("busy", "…"), 7)
        scene.room.send_error(ada, RemoteError("too-fast", "…"))
        assert [error.re for error in scene.heard(ada, Error)] == [7, 0]

    def test_a_past_names_the_request_for_it(self) -> None:
        scene = Scene()
        ada = scene.join()
        scene.do(ada, element("a"))
        past = LogRange(None, ())
        scene.room.send_history(ada, past, 1, encode_history(past), 7)
        assert [history.re for history in scene.heard(ada, History)] == [7]

    def test_the_welcome_says_that_answers_name_their_requests(self) -> None:
        scene = Scene()
        assert scene.heard(scene.join(), Welcome)[0].request_ids


class TestPast:
    def scene(self, monkeypatch: pytest.MonkeyPatch, **limits: Any) -> tuple[Scene, Peer]:
        monkeypatch.setattr(relay.room.log, "CHECKPOINT_ENTRIES", 10)
        monkeypatch.setattr(relay.room.log, "RESUME_WINDOW", 5)
        monkeypatch.setattr("relay.store.memory.WINDOW", 5)
        scene = Scene(**limits)
        return scene, scene.join()

    def draw(self, scene: Scene, ada: Peer, count: int) -> None:
        """Draw `count` elements of which at most four live, keeping checkpoints as a relay does."""
        for _ in range(count):
            keys = list(scene.room.log.entries)
            old = [Delete((keys[0],))] if len(keys) > 3 else []
            scene.do(ada, element(f"k{scene.room.seq}"), *old)
            if (due := scene.room.checkpoint()) is not None:
                point, entries = due
                scene.store.checkpoint("algebra", point._replace(body=compress(entries)))
                scene.room.oldest = scene.store.trim("algebra", scene.room.trim())

    def test_a_room_opens_from_a_checkpoint_as_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scene, ada = self.scene(monkeypatch)
        self.draw(scene, ada, 37)
        loaded = scene.store.load("algebra", "")
        assert loaded.checkpoint is not None
        assert len(loaded.rows) < 20
        again = scene.open()
        assert again.log.entries == scene.room.log.entries
        assert (again.seq, again.log.mark(again.seq)) == (37, scene.room.log.mark(37))

    def test_who_resumes_from_before_the_checkpoint_is_known_all_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene, ada = self.scene(monkeypatch)
        self.draw(scene, ada, 37)
        known = scene.heard(ada, Welcome)[0]
        scene.room = scene.open()
        fields = {"epoch": "epoch", "client": known.client, "resume_key": known.resume_key}
        mark = scene.store.find("algebra", "", 2).mark
        assert mark is not None
        back = scene.join(seq=2, mark=mark, **fields)
        [welcome] = scene.heard(back, Welcome)
        assert not welcome.reset
        assert welcome.last == 37
        stranger = scene.join(seq=2, mark=mark + 1, **fields)
        assert scene.heard(stranger, Welcome)[0].reset, "another history"

    def test_the_history_option_forgets_the_oldest_behind_a_checkpoint(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene, ada = self.scene(monkeypatch, history=12)
        self.draw(scene, ada, 60)
        assert 60 - 12 - 10 <= scene.room.oldest <= 60 - 12 + 1
        assert scene.store.rooms()[0].first == scene.room.oldest
        assert scene.open().log.entries == scene.room.log.entries
        assert scene.heard(scene.join("Late"), Welcome)[0].oldest == scene.room.oldest
        with pytest.raises(RemoteError, match="goes from"):
            scene.room.check_read(1, 60)
        scene.room.check_read(scene.room.oldest, 60)

    def test_the_quota_of_the_log_forgets_too_and_never_the_resume_window(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene, ada = self.scene(monkeypatch, max_log=1)
        self.draw(scene, ada, 60)
        info = scene.store.rooms()[0]
        assert 60 - 5 - 2 * 10 <= info.first <= 60 - 5 + 1
        assert scene.open().log.entries == scene.room.log.entries

    def test_a_stretch_of_the_past_leads_from_one_drawing_to_the_other(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene, ada = self.scene(monkeypatch)
        self.draw(scene, ada, 37)
        past = scene.store.read("algebra", 25, 31)
        assert past.checkpoint is not None
        assert past.checkpoint.seq < 25
        told = msgspec.json.decode(zlib.decompress(encode_history(past)))
        assert [commit["seq"] for commit in told["commits"]] == list(range(past.checkpoint.seq + 1, 32))
        assert len(told["entries"]) == past.checkpoint.entries

    def test_departed_clients_are_few_in_memory_and_come_back_from_the_store(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relay.room.clients, "DEPARTED", 3)
        scene = Scene()
        known = []
        for n in range(8):
            peer = scene.join(f"p{n}")
            scene.do(peer, element(f"k{n}"))
            known.append(scene.heard(peer, Welcome)[0])
            scene.room.leave(peer)
        assert len(scene.room._members.clients) == 3
        mark = scene.room.log.mark(8)
        first = scene.join(
            "p0", epoch="epoch", seq=8, mark=mark, client=known[0].client, resume_key=known[0].resume_key
        )
        [welcome] = scene.heard(first, Welcome)
        assert (welcome.reset, welcome.last, welcome.client) == (False, 1, known[0].client)


def test_encoding_an_empty_past() -> None:
    assert msgspec.json.decode(zlib.decompress(encode_history(LogRange(None, ())))) == {
        "entries": [],
        "commits": [],
    }


def test_a_room_is_as_its_checkpoint_says() -> None:
    body = zlib.compress(b"[]", 1)
    loaded = LoadedRoom("e", 8, True, Checkpoint(7, 77, 5.0, 0, 100, body), ())
    room = Room("algebra", loaded, lambda: "i" * 32, lambda: 1)
    assert (room.seq, room.log.at, room.oldest, room.locked) == (7, 5.0, 8, True)
