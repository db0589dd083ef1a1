"""The presence of a room: previews and states at their limits, and the changes since a version."""

from __future__ import annotations

import pytest

from relay.protocol import (
    MAX_PRESENCE,
    MAX_PREVIEW,
    MAX_STROKES,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Preview,
    RemoteError,
)
from relay.room.presence import REMEMBERED_ENDS, Presence, Update

FIELDS = {"kind": "stroke"}


@pytest.fixture
def presence() -> Presence:
    """A presence of one peer, "p"."""
    presence = Presence()
    presence.arrive("p", "ada", {"name": "Ada"})
    return presence


def draw(presence: Presence, key: str, start: int, *points: int) -> None:
    presence.draw("p", Preview(key, start, points, dict(FIELDS) if start == 0 else None))


def previews(presence: Presence) -> list[Update]:
    return [update for update in presence.since(0) if isinstance(update, PeerPreview)]


# --- states -----------------------------------------------------------------------------------------------


def test_an_update_sets_some_fields_and_none_removes_one(presence: Presence) -> None:
    presence.update("p", {"cursor": [1, 2], "color": "#ABCDEF"})
    presence.update("p", {"cursor": None, "name": " Ada\n L. "})
    assert presence.since(0) == [PeerState("p", "ada", {"name": "Ada L.", "color": "#abcdef"})]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"color": "red"}, "bad-color"),
        ({"name": "x" * 1000}, "bad-name"),
        ({"cursor": 2**60}, "bad-value"),
        ({f"f{n}": n for n in range(MAX_PRESENCE + 1)}, "bad-presence"),
        ({f"f{n}": n for n in range(MAX_PRESENCE)}, "bad-presence"),
    ],
)
def test_a_refused_update_changes_nothing(presence: Presence, state: dict[str, object], code: str) -> None:
    version, before = presence.version, presence.since(0)
    with pytest.raises(RemoteError) as refusal:
        presence.update("p", state)
    assert refusal.value.code == code
    assert (presence.version, presence.since(0)) == (version, before)


def test_a_removed_field_makes_room_for_another(presence: Presence) -> None:
    presence.update("p", {f"f{n}": n for n in range(MAX_PRESENCE - 1)})
    presence.update("p", {"name": None, "cursor": [1, 2]})
    [state] = presence.since(0)
    assert isinstance(state, PeerState)
    assert len(state.state) == MAX_PRESENCE


# --- previews ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [1, 3, 4])
def test_a_part_that_does_not_fit_is_ignored(presence: Presence, start: int) -> None:
    draw(presence, "k", 0, 1, 2)
    version = presence.version
    draw(presence, "k", start, 3, 4)
    assert presence.version == version
    assert previews(presence) == [PeerPreview("p", "k", 0, (1, 2), FIELDS)]


def test_a_part_of_an_unknown_preview_is_ignored(presence: Presence) -> None:
    draw(presence, "k", 2, 3, 4)
    assert previews(presence) == []


def test_a_preview_begins_anew_with_its_first_part(presence: Presence) -> None:
    draw(presence, "k", 0, 1, 2, 3, 4)
    seen = presence.version
    draw(presence, "k", 0, 9, 9)
    assert presence.since(seen) == [PeerPreview("p", "k", 0, (9, 9), FIELDS)]


def test_parts_after_the_end_are_ignored(presence: Presence) -> None:
    draw(presence, "k", 0, 1, 2)
    seen = presence.version
    presence.end("p", "k")
    draw(presence, "k", 2, 3, 4)
    draw(presence, "k", 0, 1, 2)
    assert presence.since(seen) == [PeerCancel("p", "k")]


def test_an_end_that_came_first_prevents_its_preview(presence: Presence) -> None:
    seen = presence.version
    presence.end("p", "k")
    draw(presence, "k", 0, 1, 2)
    assert presence.since(seen) == []


def test_the_latest_ends_are_remembered(presence: Presence) -> None:
    for number in range(REMEMBERED_ENDS + 1):
        presence.end("p", f"k{number}")
    draw(presence, "k0", 0, 1, 2)
    draw(presence, "k1", 0, 1, 2)
    assert previews(presence) == [PeerPreview("p", "k0", 0, (1, 2), FIELDS)]


def test_the_number_of_previews_of_one_peer_is_limited(presence: Presence) -> None:
    presence.arrive("q", "grace", {})
    for number in range(MAX_STROKES):
        draw(presence, f"k{number}", 0, 1, 2)
    with pytest.raises(RemoteError) as refusal:
        draw(presence, "more", 0, 1, 2)
    assert refusal.value.code == "too-many-strokes"
    draw(presence, "k0", 0, 3, 4)
    presence.draw("q", Preview("more", 0, (1, 2), {}))
    presence.end("p", "k1")
    draw(presence, "more", 0, 1, 2)
    assert len(previews(presence)) == MAX_STROKES + 1


def test_the_length_of_a_preview_is_limited(presence: Presence) -> None:
    draw(presence, "k", 0, *range(MAX_PREVIEW - 2))
    draw(presence, "k", MAX_PREVIEW - 2, 1, 2)
    before, version = presence.since(0), presence.version
    with pytest.raises(RemoteError) as refusal:
        draw(presence, "k", MAX_PREVIEW, 3, 4)
    assert refusal.value.code == "preview-too-long"
    assert (presence.since(0), presence.version) == (before, version)


def test_a_first_part_that_is_too_long_begins_no_preview(presence: Presence) -> None:
    draw(presence, "k", 0, 1, 2)
    before, version = presence.since(0), presence.version
    for key in ("k", "l"):
        with pytest.raises(RemoteError) as refusal:
            draw(presence, key, 0, *range(MAX_PREVIEW + 2))
        assert refusal.value.code == "preview-too-long"
    assert (presence.since(0), presence.version) == (before, version)


# --- the changes since a version --------------------------------------------------------------------------


def test_a_peer_gets_a_preview_from_where_it_has_it(presence: Presence) -> None:
    versions = [presence.version]
    for start in (0, 2, 4):
        draw(presence, "k", start, start, start + 1)
        versions.append(presence.version)
    assert [presence.since(version) for version in versions] == [
        [PeerPreview("p", "k", 0, (0, 1, 2, 3, 4, 5), FIELDS)],
        [PeerPreview("p", "k", 2, (2, 3, 4, 5))],
        [PeerPreview("p", "k", 4, (4, 5))],
        [],
    ]


def test_departures_come_first_and_previews_last(presence: Presence) -> None:
    presence.arrive("q", "grace", {})
    seen = presence.version
    draw(presence, "k", 0, 1, 2)
    draw(presence, "l", 0, 1, 2)
    presence.update("p", {"cursor": [1, 2]})
    presence.end("p", "k")
    presence.depart("q")
    assert presence.since(seen) == [
        PeerCancel("p", "k"),
        PeerLeft("q"),
        PeerState("p", "ada", {"name": "Ada", "cursor": [1, 2]}),
        PeerPreview("p", "l", 0, (1, 2), FIELDS),
    ]


def test_a_peer_that_departed_takes_its_previews_along(presence: Presence) -> None:
    draw(presence, "k", 0, 1, 2)
    presence.depart("p")
    version = presence.version
    presence.end("p", "k")
    assert presence.version == version, "the verdict of its last operation may come later"
    assert presence.since(0) == [PeerLeft("p")]


def test_departures_are_forgotten_once_every_peer_has_them(presence: Presence) -> None:
    draw(presence, "k", 0, 1, 2)
    presence.end("p", "k")
    first = presence.version
    presence.depart("p")
    presence.forget(first)
    assert presence.remembers
    assert presence.since(0) == [PeerLeft("p")]
    presence.forget(presence.version)
    assert not presence.remembers


def test_what_changes_weighs_what_is_new_in_it(presence: Presence) -> None:
    draw(presence, "long", 0, *range(19_000))
    draw(presence, "other", 0, *range(20_000))
    before = presence.version
    assert presence.weight(0) > 39_000
    assert presence.weight(before) == 0
    draw(presence, "long", 19_000, 1, 2)
    assert 0 < presence.weight(before) < 100
    draw(presence, "other", 0, *range(10_000))
    assert presence.weight(before) > 10_000, "it was begun anew"
    assert presence.weight(before, previews=False) == 0


# --- memory -----------------------------------------------------------------------------------------------


def test_previews_of_a_room_are_bounded_and_each_peer_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.room.presence.ROOM_NUMBERS", 1_000)
    presence = Presence()
    for peer in "pqrs":
        presence.arrive(peer, peer, {})
    empty = presence.memory
    draw(presence, "large", 0, *range(600))
    draw(presence, "larger", 0, *range(400))
    assert presence.memory > empty
    full = presence.memory
    with pytest.raises(RemoteError) as refusal:
        draw(presence, "too much", 0, 1, 2)
    assert refusal.value.code == "too-many-strokes"
    assert presence.memory == full
    for peer in "qrs":
        presence.draw(peer, Preview("small", 0, tuple(range(250)), {}))
        with pytest.raises(RemoteError):
            presence.draw(peer, Preview("small", 250, (1, 2)))
    draw(presence, "large", 0, 1, 2)  # Begun anew.
    presence.end("p", "larger")
    presence.drop("q")
    for peer in "prs":
        presence.depart(peer)
    assert presence.memory == empty // 4, "what has ended takes nothing"


def test_only_the_relay_says_who_is_verified() -> None:
    presence = Presence()
    presence.arrive("p", "hub:ada", {"name": "ada"}, "editor", verified=True)
    presence.arrive("q", "0f", {"name": "ada"}, "editor")
    presence.update("q", {"verified": True})
    ada, mallory = presence.since(0)
    assert isinstance(ada, PeerState)
    assert isinstance(mallory, PeerState)
    assert (ada.verified, mallory.verified, mallory.state["verified"]) == (True, False, True)
