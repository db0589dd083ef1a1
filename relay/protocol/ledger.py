"""What an operation means: the fold that turns the log into the living elements, and its inverse.

Rules of this file: pure; the relay and every replica run this same code, so they agree by construction.

A ledger maps keys to `Entry`. Applying changes under a seq returns a `Record`: what each touched key was before
and after. A revert compares the record with the present and undoes only what is still as the operation left it;
it puts versions back too, so undo, undo, redo, redo walk the same states in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from .messages import Action, Bad, Change, Clear, Create, Delete, Entry, Patch, Restore, Revert

Entries = MutableMapping[str, Entry]


class Touch(msgspec.Struct, frozen=True, gc=False):
    """What one operation did to one key; None is "not there"."""

    key: str
    before: Entry | None
    after: Entry | None


Record = tuple[Touch, ...]


class Overlay(MutableMapping[str, Entry]):
    """Entries laid over others without changing them: an attempt that may be dropped, or own pending work."""

    def __init__(self, base: Mapping[str, Entry]) -> None:
        self._base = base
        self._over: dict[str, Entry | None] = {}

    def __getitem__(self, key: str) -> Entry:
        if key in self._over:
            entry = self._over[key]
            if entry is None:
                raise KeyError(key)
            return entry
        return self._base[key]

    def get(self, key: str, default: Any = None) -> Any:
        """As every mapping's, without an exception for what is new, as nearly all is."""
        if key in self._over:
            entry = self._over[key]
            return default if entry is None else entry
        return self._base.get(key, default)

    def __setitem__(self, key: str, entry: Entry) -> None:
        self._over[key] = entry

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._over[key] = None

    def __contains__(self, key: object) -> bool:
        if key in self._over:
            return self._over[key] is not None
        return key in self._base

    def laid(self) -> frozenset[str]:
        """The keys that may differ from what it lies over."""
        return frozenset(self._over)

    def __iter__(self) -> Iterator[str]:
        for key in self._base:
            if self._over.get(key, self) is not None:
                yield key
        for key, entry in self._over.items():
            if entry is not None and key not in self._base:
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)


def apply(entries: Entries, changes: Iterable[Change], seq: int, author: str, at: float) -> Record:
    """Apply `changes` under `seq` to `entries`, in place; returns what they did, one `Touch` for a key."""
    before: dict[str, Entry | None] = {}
    after: dict[str, Entry | None] = {}

    def put(key: str, entry: Entry | None) -> None:
        if key not in before:
            before[key] = entries.get(key)
        after[key] = entry
        if entry is not None:
            entries[key] = entry
        elif key in entries:
            del entries[key]

    index = 0
    for change in changes:
        match change:
            case Create(key=key, fields=fields, page=page):
                put(key, Entry(key, (seq, index), author, at, page, fields, dict.fromkeys(fields, seq)))
                index += 1
            case Patch(key=key, fields=fields):
                old = entries.get(key)
                if old is not None:
                    merged = {**old.fields, **fields}
                    versions = {**old.versions, **dict.fromkeys(fields, seq)}
                    put(key, Entry(key, old.first, old.author, old.at, old.page, merged, versions))
            case Delete(keys=keys):
                for key in keys:
                    put(key, None)
            case Clear(page=page):
                for key, entry in list(entries.items()):
                    if entry.page == page:
                        before.setdefault(key, entry)  # Not looked up again: there may be very many.
                        put(key, None)
            case Restore(entries=restored):
                for entry in restored:
                    put(entry.key, entry)
    return tuple([Touch(key, old, after[key]) for key, old in before.items()])


def revert(entries: Mapping[str, Entry], record: Record) -> list[Change]:
    """The changes that undo what `record` did, where the present is still as it left it; may be empty."""
    restored: list[Entry] = []
    deleted: list[str] = []
    for touch in record:
        key, before, after = touch.key, touch.before, touch.after
        now = entries.get(key)
        if before is not None and after is not None:
            if now is not None and (entry := _undo_fields(before, after, now)) is not None:
                restored.append(entry)
        elif before is not None:
            if now is None:
                restored.append(before)
        elif after is not None and now is not None and now.versions == after.versions:
            deleted.append(key)
    changes: list[Change] = []
    if deleted:
        changes.append(Delete(tuple(deleted)))
    if restored:
        changes.append(Restore(tuple(restored)))
    return changes


def _undo_fields(before: Entry, after: Entry, now: Entry) -> Entry | None:
    fields, versions = dict(now.fields), dict(now.versions)
    changed = False
    for name in {*before.versions, *after.versions}:
        if before.versions.get(name) == after.versions.get(name):
            continue
        if now.versions.get(name) != after.versions.get(name):
            continue
        changed = True
        if name in before.fields:
            fields[name], versions[name] = before.fields[name], before.versions[name]
        else:
            fields.pop(name, None)
            versions.pop(name, None)
    if not changed:
        return None
    return Entry(now.key, now.first, now.author, now.at, now.page, fields, versions)


def resolve(
    entries: Mapping[str, Entry], actions: Sequence[Action], seq: int, records: Mapping[int, Record]
) -> list[Change]:
    """What `actions` come to when they are the operation `seq`: reverts looked up in `records` (by the sender's
    operation number), ``place`` made a number. Raises `Bad` when an action cannot be: then none of it happens.
    """
    changes: list[Change] = []
    made: set[str] = set()
    for action in actions:
        match action:
            case Create(key=key):
                if key in entries or key in made:
                    raise Bad(
                        "key-taken", f"there is already an element {key!r}; draw it again under a new key"
                    )
                made.add(key)
                changes.append(_placed(action, seq))
            case Patch():
                changes.append(_placed(action, seq))
            case Delete() | Clear():
                changes.append(action)
            case Revert(op=op):
                if op not in records:
                    raise Bad("too-old", "that operation is too old to be undone")
                # A revert sees the state before its operation: it stands alone in what clients send.
                changes.extend(revert(entries, records[op]))
    return changes


def _placed(action: Create[Any] | Patch[Any], seq: int) -> Create[Any] | Patch[Any]:
    if "place" not in action.fields:
        return action
    place = action.fields["place"]
    if isinstance(place, msgspec.Raw):
        place = msgspec.json.decode(place)
    if place == "front":
        place = seq
    elif isinstance(place, bool) or not isinstance(place, int | float):
        raise Bad("bad-place", 'place must be a number or "front"')
    return msgspec.structs.replace(action, fields={**action.fields, "place": min(place, seq)})


def order(entry: Entry) -> tuple[float, int, int]:
    """The drawing order: by place (the first seq where none is given), then by first seq and index."""
    place = entry.fields.get("place", entry.first[0])
    return (place, *entry.first)
