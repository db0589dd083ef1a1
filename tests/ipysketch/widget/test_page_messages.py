"""Messages of pages decode whatever they are: valid ones exactly, near-valid ones without what is wrong in them."""

from __future__ import annotations

import json
import logging
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipysketch.widget.page_decoder import PageDecoder
from ipysketch.widget.page_messages import KINDS, PageMessage, PenSamples, Sample, ViewReport

WRONG: tuple[object, ...] = (
    None,
    True,
    "",
    "x",
    "\ud800",
    -1,
    10**400,
    1e300,
    float("nan"),
    float("inf"),
    [],
    [[]],
    {},
    [None, 1, "x"],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
VALID: dict[str, dict[str, Any]] = {
    "pen": {
        "view": "7-7",
        "pointer": 3,
        "phase": "begin",
        "samples": [[1, 2.5, 1000], [2, 3, 1016, 0.5]],
        "tool": "pen",
        "color": "#1f77b4",
        "fill": "",
        "width": 4,
        "opacity": 50,
        "dash": "dashed",
        "straight": False,
        "last": True,
    },
    "choose": {"tool": "line", "color": "#d62728", "width": 2},
    "view": {"view": "7-7", "ratio": 2, "visible": True, "version": 2},
    "gone": {"view": "7-7"},
    "ack": {"view": "7-7", "frame": 12},
    "lost": {},
    "cursor": {"x": 10, "y": 20.5},
    "cancel": {},
    "undo": {},
    "redo": {},
    "clear": {},
    "turn": {"page": "9f2c"},
    "add page": {},
    "rename page": {"page": "9f2c", "name": "Proof"},
    "remove page": {"page": "9f2c"},
    "follow": {"peer": "51d2"},
    "look": {"view": [0, 0, 640, 360]},
    "scene": {"view": "7-7"},
    "submit": {"view": "7-7", "number": 1, "actions": [{"type": "delete", "keys": ["9f2c"]}]},
    "preview": {"key": "9f2c", "start": 0, "points": [8, 8], "fields": {"kind": "stroke"}},
    "end preview": {"key": "9f2c"},
    "moving": {"offsets": {"9f2c": [8, 0]}},
    "moderate": {"locked": True, "lead": False, "remove": "51d2"},
    "road wanted": {"view": "7-7"},
    "road": {"view": "7-7", "url": "ws://127.0.0.1:8765/", "why": ""},
}


def near_valid() -> st.SearchStrategy[dict[str, Any]]:
    """Messages of which some fields are missing, wrong, or unknown."""
    value = JSON | st.sampled_from(WRONG)

    def spoiled(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        fields = VALID[kind]
        names = st.sampled_from([*fields, "unknown"])
        return st.tuples(st.dictionaries(names, value, max_size=3), st.sets(names, max_size=2)).map(
            lambda changes: {
                name: field
                for name, field in ({"ipysketch": kind} | fields | changes[0]).items()
                if name not in changes[1]
            }
        )

    return st.sampled_from(sorted(VALID)).flatmap(spoiled)


def test_every_kind_has_an_example() -> None:
    assert VALID.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", VALID)
def test_a_valid_message_is_decoded_whole(kind: str) -> None:
    decoder = PageDecoder()
    message = decoder.decode({"ipysketch": kind, **VALID[kind]})
    assert isinstance(message, KINDS[kind])
    encoded = json.loads(msgspec.json.encode(message))
    if kind == "pen":
        encoded["samples"] = [sample[: 3 + (sample[3] is not None)] for sample in encoded["samples"]]
    assert {name: encoded[name] for name in VALID[kind]} == VALID[kind]
    assert decoder.ignored == 0


@settings(max_examples=400)
@given(near_valid() | JSON)
def test_decoding_never_raises_and_yields_only_valid_fields(content: Any) -> None:
    message = PageDecoder().decode(content)
    if message is None:
        return
    kind = type(message)
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if (value := getattr(message, name)) is not msgspec.UNSET:
            assert msgspec.convert(msgspec.to_builtins(value), hint) == value
    assert isinstance(message, get_args(PageMessage))


def test_a_wrong_field_leaves_the_others() -> None:
    decoder = PageDecoder()
    message = decoder.decode(
        {"ipysketch": "pen", **VALID["pen"], "color": "red", "dash": "wavy", "opacity": 101}
    )
    assert isinstance(message, PenSamples)
    assert message.style() == {"fill": "", "width": 4.0}
    assert message.last
    assert decoder.ignored == 1


def test_a_wrong_sample_leaves_the_others() -> None:
    # JSON has no NaN: a page whose board has no size sends null.
    samples = [[1, 2, 3], [None, 2, 3], [1, 2], "x", [4, 5, 6, 7]]
    message = PageDecoder().decode({"ipysketch": "pen", "view": "v", "pointer": 1, "samples": samples})
    assert isinstance(message, PenSamples)
    assert message.samples == [Sample(1, 2, 3), Sample(4, 5, 6, 1.0)]


@pytest.mark.parametrize(
    "content", [{"ipysketch": "from the future", "x": 1}, {"ipysketch": "turn"}, {}, None, "pen"]
)
def test_an_unknown_or_incomplete_message_is_ignored(content: object) -> None:
    decoder = PageDecoder()
    assert decoder.decode(content) is None
    assert decoder.ignored == 1


def test_what_a_later_version_adds_is_skipped() -> None:
    message = PageDecoder().decode(
        {"ipysketch": "view", "view": "v", "visible": True, "version": 3, "tilt": [1]}
    )
    assert message == ViewReport("v", visible=True, version=3)


def test_version_1_names_no_version() -> None:
    message = PageDecoder().decode({"ipysketch": "view", "view": "v", "ratio": 1.5, "visible": True})
    assert message == ViewReport("v", 1.5, True, version=1)


def test_what_is_ignored_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    decoder = PageDecoder()
    with caplog.at_level(logging.INFO):
        for _ in range(1000):
            decoder.decode({"ipysketch": "from the future"})
    assert decoder.ignored == 1000
    assert len(caplog.records) == 1


@pytest.mark.parametrize("ratio", [0, -1, 100, True, "2", float("nan"), None])
def test_a_ratio_that_is_none_leaves_the_report(ratio: Any) -> None:
    message = PageDecoder().decode({"ipysketch": "view", "view": "v", "ratio": ratio, "visible": True})
    assert message == ViewReport("v", None, True)


@pytest.mark.parametrize("frame", [True, "7", 1.5, -1, None])
def test_a_frame_that_is_none_is_not_acknowledged(frame: Any) -> None:
    assert PageDecoder().decode({"ipysketch": "ack", "view": "v", "frame": frame}) is None
