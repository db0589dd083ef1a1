"""The actions of an operation, the changes that they resolve to, and the entries that these make; all are messages.

Rules of this file: those of ``messages.py``.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

V = TypeVar("V")
"""Type of the values of an element's fields: any JSON, or `msgspec.Raw` where a relay only forwards them."""


class Message(
    msgspec.Struct, frozen=True, forbid_unknown_fields=False, omit_defaults=True, tag_field="type", gc=False
):
    """The base of all messages: immutable, tagged by ``type``; unknown fields are skipped (version N + 1).

    JSON has no cycles, so that the garbage collector need not track it (`gc`): a relay has hundreds of thousands of
    such objects, and paused for as long as each collection took.
    """


class Create(Message, Generic[V], frozen=True, tag="create"):
    """A new element. `fields` are opaque to the relay, except ``place`` (a number, or ``"front"``)."""

    key: str
    fields: dict[str, V]
    page: str = ""


class Patch(Message, Generic[V], frozen=True, tag="patch"):
    """New values for some fields; the last writer wins, field by field. On a dead key it does nothing."""

    key: str
    fields: dict[str, V]


class Delete(Message, frozen=True, tag="delete"):
    """Remove elements. Keys that are not there are skipped."""

    keys: tuple[str, ...]


class Clear(Message, frozen=True, tag="clear"):
    """Remove every element of one page."""

    page: str = ""


class Revert(Message, frozen=True, tag="revert"):
    """Undo the sender's own operation `op`, as far as nothing has changed its effect since."""

    op: int


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One living element as the relay keeps it.

    `first` is (seq, index within the operation that created it); `versions` has, for each field, the seq of the
    operation that wrote its value.
    """

    key: str
    first: tuple[int, int]
    author: str
    at: float
    page: str
    fields: dict[str, Any]
    versions: dict[str, int]

    def __post_init__(self) -> None:
        # On the wire, a version that is the seq that created the entry may be left out.
        if len(self.versions) < len(self.fields):
            versions = {**dict.fromkeys(self.fields, self.first[0]), **self.versions}
            msgspec.structs.force_setattr(self, "versions", versions)


class Restore(Message, frozen=True, tag="restore"):
    """Put elements (back) exactly as they are here. Only the relay sends it, as a `Revert` resolves to it."""

    entries: tuple[Entry, ...]


Action = Create[Any] | Patch[Any] | Delete | Clear | Revert
Change = Create[Any] | Patch[Any] | Delete | Clear | Restore
