"""The meaning of operations: the fold of the log into the living elements, and its inverse.

Rules of this file: pure; the relay and every replica run this same code, so they agree by construction.

Entries are a mapping of keys to `Entry`. Applying changes under a seq returns a `Record`: the entry of each touched
key before and after. A revert compares the record with the entries now and undoes only fields that nobody has
written since; it restores versions too, so undo, undo, redo, redo walk the same states in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from .actions import Action, Change, Clear, Create, Delete, Entry, Patch, Restore, Revert
from .limits import SAFE_INTEGER
from .messages import RemoteError

Entries = MutableMapping[str, Entry]


class Touch(msgspec.Struct, frozen=True, gc=False):
    """The effect of one operation on one key; None is "not there"."""

    key: str
    before: Entry | None
    after: Entry | None


Record = tuple[Touch, ...]


class Overlay(MutableMapping[str, Entry]):
    """Entries laid over others without changing them: a draft that may be dropped, or own pending operations."""

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
        """Return an entry or `default`. Raises no `KeyError` inside, for nearly all keys are new."""
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

    def keys_laid_over(self) -> frozenset[str]:
        """Return the keys whose entries may differ from those below."""
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


def apply(  # noqa: C901, PLR0912  # a case for each change
    entries: Entries, changes: Iterable[Change], seq: int, author: str, at: float
) -> Record:
    """Apply `changes` under `seq` to `entries`, in place, and return their record: one `Touch` for a key.

    The work grows with the changes and with the entries that they touch, however often they touch each.
    """
    before: dict[str, Entry | None] = {}
    after: dict[str, Entry | None] = {}
    own: set[str] = set()  # Keys of entries that a patch of these changes made: nobody else has them yet.
    pages: dict[str, dict[str, None]] | None = (
        None  # Keys by page, from the first `Clear` on; some may be gone.
    )

    def put(key: str, entry: Entry | None) -> None:
        if key not in before:
            before[key] = entries.get(key)
        after[key] = entry
        own.discard(key)
        if entry is not None:
            entries[key] = entry
            if pages is not None:
                pages.setdefault(entry.page, {})[key] = None
        elif key in entries:
            del entries[key]

    index = 0
    for change in changes:
        match change:
            case Create(key=key, fields=fields, page=page):
                put(key, Entry(key, (seq, index), author, at, page, fields, dict.fromkeys(fields, seq)))
                index += 1
            case Patch(key=key, fields=fields):
                old = after[key] if key in own else entries.get(key)
                if old is not None:
                    if key in own:
                        old.fields.update(fields)
                        old.versions.update(dict.fromkeys(fields, seq))
                    else:
                        merged = {**old.fields, **fields}
                        versions = {**old.versions, **dict.fromkeys(fields, seq)}
                        put(key, Entry(key, old.first, old.author, old.at, old.page, merged, versions))
                        own.add(key)
            case Delete(keys=keys):
                for key in keys:
                    put(key, None)
            case Clear(page=page):
                if pages is None:
                    pages = {}
                    for key, entry in entries.items():
                        pages.setdefault(entry.page, {})[key] = None
                for key in pages.pop(page, ()):
                    there = entries.get(key)
                    if there is not None and there.page == page:
                        put(key, None)
            case Restore(entries=restored):
                for entry in restored:
                    put(entry.key, entry)
    return tuple([Touch(key, old, after[key]) for key, old in before.items()])


def revert(entries: Mapping[str, Entry], record: Record) -> list[Change]:
    """Return the changes that undo `record` where nobody has written since; may be empty."""
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
    """Return the changes of `actions` as the operation `seq`.

    Reverts are looked up in `records` (by the sender's operation number), ``place`` becomes a number. Raises
    `RemoteError` when an action is impossible: then none happens.
    """
    changes: list[Change] = []
    created: set[str] = set()
    reverted: set[int] = set()
    for action in actions:
        match action:
            case Create(key=key):
                if key in entries or key in created:
                    raise RemoteError(
                        "key-taken", f"there is already an element {key!r}; draw it again under a new key"
                    )
                created.add(key)
                changes.append(_placed(action, seq))
            case Patch():
                changes.append(_placed(action, seq))
            case Delete() | Clear():
                changes.append(action)
            case Revert(op=op):
                if op not in records:
                    raise RemoteError("too-old", "that operation is too old to be undone")
                # A revert sees the state before its operation: clients send it as the only action of one. So a second
                # one of the same would come to the same.
                if op not in reverted:
                    reverted.add(op)
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
        raise RemoteError("bad-place", 'place must be a number or "front"')
    return msgspec.structs.replace(action, fields={**action.fields, "place": min(place, seq)})


def order(entry: Entry) -> tuple[float, int, int]:
    """Return the sort key of the drawing order: by place, then by first seq and index.

    What is no number within ±2^53 is no place, whoever let it in; where there is none, the first seq is.
    """
    first = entry.first
    place = entry.fields.get("place")
    if (type(place) is not int and type(place) is not float) or not -SAFE_INTEGER <= place <= SAFE_INTEGER:
        place = first[0]
    return (place, *first)
