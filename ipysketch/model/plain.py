"""A page as plain data, and the operation that makes it such as given data. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from relay.protocol import (
    MAX_DELETES,
    SAFE_INTEGER,
    Action,
    Clear,
    Create,
    Delete,
    Entry,
    Patch,
    RemoteError,
    normalize_action,
    order,
)

from ..errors import ArgumentError, ArgumentTypeError
from .elements import decode

EXPECTED = "a value is a list of elements such as {'key': …, 'fields': {'kind': 'stroke', …}}"


def to_plain(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return entries in drawing order, as dicts with their key, author and fields; nothing in them is shared."""
    return [
        {"key": entry.key, "author": entry.author, "fields": msgspec.to_builtins(_known(entry.fields))}
        for entry in sorted(entries, key=order)
    ]


def from_plain(value: object, entries: Iterable[Entry], page: str, new_key: Callable[[], str]) -> list[Action]:
    """Return the actions after which `page`, which has `entries`, is what `value` says.

    An element that is there by its key stays, with the fields that it now gets; others are created under new keys, in
    the order given. Raises `ArgumentError` or `ArgumentTypeError`.
    """
    here = {entry.key: entry for entry in entries}
    wanted = _checked(value, here)
    kept = [
        key if key in here and here[key].fields.get("kind") == fields["kind"] else "" for key, fields in wanted
    ]
    placed = _places([here[key] if key else None for key in kept])
    staying = set(kept)
    actions = _deletions([key for key in here if key not in staying], page, some=any(kept))
    for (_, fields), key, place in zip(wanted, kept, placed, strict=True):
        at = {} if place is None else {"place": place}
        if not key:
            actions.append(Create(new_key(), fields | at, page))
        elif changed := _changed(_known(here[key].fields), fields) | at:
            actions.append(Patch(key, changed))
    return [_normal(action) for action in actions]


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are there, for a patch to null takes one away, without the place: the order says it."""
    return {name: value for name, value in fields.items() if value is not None and name != "place"}


def _deletions(gone: Sequence[str], page: str, *, some: bool) -> list[Action]:
    if gone and not some:
        return [Clear(page)]
    return [Delete(tuple(gone[start : start + MAX_DELETES])) for start in range(0, len(gone), MAX_DELETES)]


def _checked(value: object, here: Mapping[str, Entry]) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ArgumentTypeError(f"{EXPECTED}, not {value!r:.40}")
    checked, keys = [], set()
    for number, element in enumerate(value):
        if not isinstance(element, Mapping) or not isinstance(fields := element.get("fields"), Mapping):
            raise ArgumentTypeError(f"{EXPECTED}; its element {number} is none")
        key = element.get("key", "")
        if isinstance(key, str) and key in here and key not in keys and fields == _known(here[key].fields):
            keys.add(key)
            checked.append((key, _known(fields)))  # Most of it: nothing is to be done there.
            continue
        try:
            known = msgspec.to_builtins(_known(fields))  # A copy: its lists are the caller's.
        except (TypeError, ValueError, RecursionError):
            known = {}
        if not isinstance(key, str) or decode("", known) is None or known.get("kind") == "page":
            raise ArgumentError(f"element {number} of the value is nothing that can be drawn; see board.value")
        if key and key in keys:
            raise ArgumentError(f"element {number} of the value has the key of another one; leave its key out")
        keys.add(key)
        checked.append((key, known))
    return checked


def _places(kept: Sequence[Entry | None]) -> list[float | None]:
    """Return for each element the place that it needs to be in this order, None where it has it by itself.

    A new element lies above all others. Those from the first one on that would lie elsewhere get places between the
    one before and the next whole number: so whatever is drawn later lies above them.
    """
    rising = 0
    highest: tuple[float, int, int] | None = None
    for entry in kept:
        if entry is not None and highest is not None and order(entry) < highest:
            break
        if entry is None and any(later is not None for later in kept[rising:]):
            break
        if entry is not None:
            highest = order(entry)
        rising += 1
    rest = len(kept) - rising
    if not rest:
        return [None] * rising
    base = highest[0] if highest is not None else min(order(entry)[0] for entry in kept if entry) - 1
    base = max(-float(SAFE_INTEGER), base)
    return [*([None] * rising), *(base + (number + 1) / (rest + 1) for number in range(rest))]


def _changed(before: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    changed = {name: value for name, value in fields.items() if name not in before or before[name] != value}
    return {**changed, **dict.fromkeys(name for name in before if name not in fields)}


def _normal(action: Action) -> Action:
    try:
        return normalize_action(action)
    except RemoteError as bad:
        raise ArgumentError(f"the value cannot be drawn: {bad.reason}", bad.code) from None
