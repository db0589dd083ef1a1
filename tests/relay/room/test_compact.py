"""Elements at rest are what they were, in little more than their JSON."""

from __future__ import annotations

import json
import random
import sys
import zlib

import msgspec
import pytest

from relay.protocol import Create, Entry, Patch, apply, decode_entries, encode_entries, revert
from relay.room.compact import PIECE, CompactEntries, compress

from ...support.node import WEB, says


def entry(number: int, versions: dict[str, int] | None = None) -> Entry:
    fields = {"kind": "stroke", "points": [number, 2, 3], "note": {"ä": [None, 1.5]}, "__proto__": 1}
    return Entry(f"k{number}", (number, 0), "Ada", 1.25, "", fields, versions or dict.fromkeys(fields, number))


def whole(packed: CompactEntries) -> bytes:
    """The JSON of a snapshot."""
    return zlib.decompress(compress(packed.encoded()))


@pytest.mark.parametrize("count", [0, 1, 2, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("level", [1, 4])
def test_a_stream_made_in_pieces_is_that_of_all(count: int, level: int) -> None:
    packed, given = CompactEntries(), [entry(number) for number in range(count)]
    for one in given:
        packed[one.key] = one
    assert decode_entries(zlib.decompress(compress(packed.encoded(), level))) == given


def plain(packed: CompactEntries) -> list[object]:
    entries: list[object] = json.loads(encode_entries(list(packed.values())))
    return entries


def test_what_is_kept_is_what_was_given() -> None:
    packed = CompactEntries()
    given = [entry(1), entry(2, {"kind": 2, "points": 7, "note": 9, "__proto__": 2}), entry(3)]
    for one in given:
        packed[one.key] = one
    assert plain(packed) == json.loads(encode_entries(given))
    assert decode_entries(whole(packed)) == given
    assert list(packed) == ["k1", "k2", "k3"]
    assert len(packed) == 3
    assert "k2" in packed
    assert "k9" not in packed
    packed.discard("k2")
    packed.discard("k2")
    assert list(packed) == ["k1", "k3"]
    with pytest.raises(KeyError):
        packed["k2"]


def test_only_versions_that_say_something_are_sent() -> None:
    packed = CompactEntries()
    packed["k2"] = entry(2, {"kind": 2, "points": 7, "note": 2, "__proto__": 2})
    [sent] = json.loads(whole(packed))
    assert sent["versions"] == {"points": 7}


@pytest.mark.parametrize("seed", range(20))
def test_it_folds_and_reverts_as_objects_do(seed: int) -> None:
    chance = random.Random(seed)
    objects: dict[str, Entry] = {}
    packed = CompactEntries()
    for seq in range(1, 60):
        name = f"k{chance.randrange(8)}"
        fields = {chance.choice("abc"): msgspec.Raw(str(seq).encode())}
        change = Patch(name, fields) if name in objects else Create(name, fields)
        records = [apply(kept, [change], seq, "Ada", 1.0) for kept in (objects, packed)]
        if chance.random() < 0.3:
            undone = [revert(kept, record) for kept, record in zip((objects, packed), records, strict=True)]
            for kept, changes in zip((objects, packed), undone, strict=True):
                apply(kept, changes, seq, "Ada", 1.0)
        assert plain(packed) == json.loads(encode_entries(list(objects.values())))


def test_javascript_reads_what_is_left_out() -> None:
    packed = CompactEntries()
    packed["k1"] = entry(1)
    packed["k2"] = entry(2, {"kind": 2, "points": 7, "note": 2, "__proto__": 2})
    script = f"""
        import {{ decodeEntries }} from {json.dumps((WEB / "model" / "messages.js").as_uri())};
        let text = "";
        process.stdin.on("data", (part) => (text += part));
        process.stdin.on("end", () => console.log(JSON.stringify(decodeEntries(text))));
    """
    read = says(script=script, given=whole(packed).decode())
    assert json.loads(read) == json.loads(encode_entries(list(packed.values())))


def test_a_stroke_weighs_little_more_than_its_json() -> None:
    def stroke(number: int) -> Entry:
        fields = {
            "kind": msgspec.Raw(b'"stroke"'),
            "points": msgspec.Raw(b"[%s]" % b",".join(b"%d" % (number + i) for i in range(100))),
            "color": msgspec.Raw(b'"#d1495b"'),
            "width": msgspec.Raw(b"32"),
        }
        return Entry(
            f"{number:016x}", (number, 0), "Ada", float(number), "", fields, dict.fromkeys(fields, number)
        )

    packed = CompactEntries()
    for number in range(100, 1100):
        packed[f"{number:016x}"] = stroke(number)
    held = sys.getsizeof(packed._encoded) + sum(
        sys.getsizeof(key) + sys.getsizeof(kept) for key, kept in packed._encoded.items()
    )
    created = sum(len(msgspec.json.encode(Create(f"{n:016x}", stroke(n).fields))) for n in range(100, 1100))
    assert held - created < 300 * 1000
