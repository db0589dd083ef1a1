"""The messages between a page and its kernel. Pure; `docs/reference/page-messages.md` is the contract in words.

Page to kernel: one tagged union, `PageMessage`, decoded in one place, `page_decoder`.
Kernel to page: `ControlState` and `FrameState` are the widget's synchronised state, `SceneUpdate` and `InkUpdate` its
custom messages.

Coordinates from a page are board units; those to a page are parts of the board, 0 to 1, where not said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

VERSION = 4
"""Of this contract. Version 1, of ipysketch 0.1.0, names no version; each version understands the one before it."""

Text = Annotated[str, Meta(pattern=r"^[^\ud800-\udfff]*\Z")]
"""Characters without lone surrogates, which JSON allows and UTF-8 does not."""
Id = Annotated[Text, Meta(max_length=100)]
"""Names a view, page, peer, element or tool."""
Coordinate = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""A finite number."""
ViewUnits = Annotated[float, Meta(gt=-1e5, lt=1e5)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Color = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}\Z")]
Fill = Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?\Z")]
Dash = Annotated[str, Meta(pattern=r"^(dashed|dotted)?\Z")]

# --- page to kernel ------------------------------------------------------------------------------------------


class Sample(msgspec.Struct, array_like=True):
    """One position of a pointer: x and y in board units, its time in milliseconds, and a pen's pressure, 0 to 1."""

    x: Coordinate
    y: Coordinate
    milliseconds: Coordinate
    pressure: Coordinate | None = None

    def __post_init__(self) -> None:
        if self.pressure is not None:
            self.pressure = min(1.0, max(0.0, self.pressure))


class StyleFields(msgspec.Struct, tag_field="ipysketch", kw_only=True):
    """Fields of `ipysketch.editing.gestures.Style`, as many as a message has."""

    color: Color | UnsetType = UNSET
    fill: Fill | UnsetType = UNSET
    width: Annotated[float, Meta(ge=0.125, le=200)] | UnsetType = UNSET
    opacity: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET
    dash: Dash | UnsetType = UNSET
    even: bool | UnsetType = UNSET
    size: Annotated[float, Meta(ge=0.125, le=1000)] | UnsetType = UNSET

    def style(self) -> dict[str, Any]:
        """Return the fields that the message has."""
        names = ("color", "fill", "width", "opacity", "dash", "even", "size")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not UNSET}


class PenSamples(StyleFields, tag="pen", kw_only=True):
    """What one pointer did since the last display frame. The message that begins a stroke has its tool and style.

    `pointer` is the number of the stroke in its view. With `straight`, the stroke is a straight line to the sample;
    `last` ends it. Pages of version 2 send it, and draw with pen and eraser alone.
    """

    view: Id
    pointer: Count
    phase: Literal["begin", "move", "cancel"] = "move"
    samples: list[Sample] = []
    tool: Id = ""
    straight: bool = False
    last: bool = False


class ChooseStyle(StyleFields, tag="choose", kw_only=True):
    """Another tool, or other fields of the style: choice `number` of its view, counted from 1."""

    tool: Id | UnsetType = UNSET
    view: Id = ""
    number: Count = 0


class _Message(msgspec.Struct, tag_field="ipysketch"):
    """A message without a style."""


class ViewReport(_Message, tag="view"):
    """The state of a view: sent when it appears and whenever it changes. `ratio` is device pixels per CSS pixel, times
    the zoom; `pixels` how wide a paper of the whole board is for it, where it says so; `visible` whether people can see
    it; `version` of this contract; `language` of its words, "de" for example."""

    view: Id
    ratio: Annotated[float, Meta(gt=0, lt=100)] | None = None
    visible: bool = False
    version: Count = 1
    pixels: Annotated[int, Meta(gt=0, lt=100_000)] | None = None
    language: Id = ""


class ViewClosed(_Message, tag="gone"):
    """The view closed."""

    view: Id


class FrameShown(_Message, tag="ack"):
    """The view has painted the frame of that number, and all before it."""

    view: Id
    frame: Count


class InkLost(_Message, tag="lost"):
    """An `InkUpdate` was missed: the view asks for all ink of others again."""


class CursorMoved(_Message, tag="cursor"):
    """The pointer hovers over (x, y), or, without them, left the board."""

    x: Coordinate | None = None
    y: Coordinate | None = None


class CancelStrokes(_Message, tag="cancel"):
    """Every stroke of this client is given up."""


class Undo(_Message, tag="undo"):
    """Undo this client's last operation that was not done in another tab than that of `view`."""

    view: Id = ""


class Redo(_Message, tag="redo"):
    """Redo what was undone last, of the same."""

    view: Id = ""


class ClearPage(_Message, tag="clear"):
    """Delete everything on the page of the board."""


class TurnPage(_Message, tag="turn"):
    """Show the page of that key; "" is the first."""

    page: Id


class AddPage(_Message, tag="add page"):
    """Add a page and turn to it."""


class RenamePage(_Message, tag="rename page"):
    """Give the page of that key another name."""

    page: Id
    name: Text


class RemovePage(_Message, tag="remove page"):
    """Delete the page of that key."""

    page: Id


class FollowPeer(_Message, tag="follow"):
    """Go along with a peer; "" ends it."""

    peer: Id


class LookAt(_Message, tag="look"):
    """The view shows this part of the board: x, y, width and height in board units; None for all of it."""

    view: tuple[ViewUnits, ViewUnits, ViewUnits, ViewUnits] | None


class SceneWanted(_Message, tag="scene"):
    """The view asks for the whole scene, and its changes from then on: it has none, or missed a `SceneUpdate`."""

    view: Id


class SubmitActions(_Message, tag="submit"):
    """Operation `number` of a view, counted from 1: actions as in the relay's protocol."""

    view: Id
    number: Count
    actions: list[dict[str, Any]] = []


class PreviewInk(_Message, tag="preview"):
    """Ink under a hand of a view, which others see: `points` go in at number `start`, as in the relay's protocol. With
    (x, y) it says what `CursorMoved` would: each message costs both ends more than what is in it."""

    key: Id
    view: Id = ""
    start: Count = 0
    points: list[int] = []
    fields: dict[str, Any] | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None


class EndPreview(_Message, tag="end preview"):
    """A preview came to nothing."""

    key: Id


class MovingElements(_Message, tag="moving"):
    """Elements that are being dragged, by key: whole numbers as in presence; none of them when the drag has ended."""

    offsets: dict[str, list[int]] = {}


class Moderate(_Message, tag="moderate"):
    """What a moderator does: let only moderators and the peers with `pens` draw, or everybody (`locked`), have
    everybody follow this client or not (`lead`), end a peer's connection (`remove`)."""

    locked: bool | None = None
    pens: tuple[Id, ...] = ()
    lead: bool | None = None
    remove: Id = ""


class RoadWanted(_Message, tag="road wanted"):
    """The view asks for a way of its own to the relay: for a `Road`."""

    view: Id


class RoadReport(_Message, tag="road"):
    """By which way the live ink of a view goes: by a websocket to `url`, or, where that is "", over the kernel, for
    `why`."""

    view: Id
    url: Annotated[Text, Meta(max_length=2000)] = ""
    why: Annotated[Text, Meta(max_length=300)] = ""


PageMessage = (
    PenSamples
    | ChooseStyle
    | ViewReport
    | ViewClosed
    | FrameShown
    | InkLost
    | CursorMoved
    | CancelStrokes
    | Undo
    | Redo
    | ClearPage
    | TurnPage
    | AddPage
    | RenamePage
    | RemovePage
    | FollowPeer
    | LookAt
    | SceneWanted
    | SubmitActions
    | PreviewInk
    | EndPreview
    | MovingElements
    | Moderate
    | RoadWanted
    | RoadReport
)
KINDS: Mapping[str, type[PageMessage]] = {
    struct.__struct_config__.tag: struct for struct in get_args(PageMessage)
}


# --- kernel to page ------------------------------------------------------------------------------------------


class Ink(msgspec.Struct, frozen=True):
    """The fields of `ipysketch.editing.gestures.Style`."""

    color: str = ""
    width: float = 4.0
    fill: str = ""
    dash: str = ""
    opacity: int = 0
    even: bool = False
    size: float = 25.0


class PersonState(msgspec.Struct, frozen=True):
    """Somebody in the room: see `ipysketch.client.view.Person`."""

    name: str
    color: str
    me: bool
    peer: str
    page: str
    author: str = ""
    role: str = ""
    verified: bool = False


class PageEntry(msgspec.Struct, frozen=True, array_like=True):
    """A page of the board."""

    key: str
    name: str


class ControlState(msgspec.Struct, frozen=True):
    """The state of toolbar, people and status line, sent when it changes, however far behind a page's frames are.

    `ink` is the style of new ink, `choices` the number of each view's last choice that is in this state;
    `page` the key of the page shown; `progress` the loaded part of a drawing that is
    being loaded, 0 to 1, or None. `following` is a peer, and `view_box` the part of the board that it sees, x, y, width
    and height in board units, or None for all of it. `author` is whose this client's elements are, `mode` says in words
    why it may not draw, `pending` counts its operations without a verdict. `locked`: only
    moderators draw, and the peers with `pens`; `leading`: this client asks everybody to follow. `cleared`: the page
    that was cleared or deleted last, by which author, and the seq of that. `tabs`, where several browser tabs show the
    board: what each can undo and redo. `chooser` is the tab in which the tool was chosen, which others do not take
    over; "" when code chose it. `projectors` are the pages that screens show which only watch.
    """

    tool: str = "pen"
    ink: Ink = Ink()
    choices: Mapping[str, int] = {}
    can_draw: bool = True
    can_clear: bool = True
    can_undo: bool = False
    can_redo: bool = False
    people: tuple[PersonState, ...] = ()
    pages: tuple[PageEntry, ...] = ()
    page: str = ""
    following: str = ""
    view_box: tuple[float, float, float, float] | None = None
    status: str = ""
    connected: bool = False
    progress: float | None = None
    notice: str = ""
    room: str = ""
    author: str = ""
    mode: str = ""
    pending: int = 0
    locked: bool = False
    pens: tuple[str, ...] = ()
    leading: bool = False
    cleared: tuple[str, str, int] = ("", "", 0)
    tabs: Mapping[str, tuple[bool, bool]] = {}
    chooser: str = ""
    size: tuple[int, int] = (1280, 720)
    projectors: tuple[str, ...] = ()


class CursorPlace(msgspec.Struct, frozen=True, array_like=True):
    """The cursor of another person."""

    x: float
    y: float
    name: str
    color: str
    peer: str = ""


class LaserPlaces(msgspec.Struct, frozen=True, array_like=True):
    """The end of somebody's laser trail of `count` places: the last of them, flat."""

    name: str
    color: str
    count: int
    places: tuple[float, ...]


class FrameState(msgspec.Struct, frozen=True):
    """What is shown above the ink of one frame, and sent after it.

    `finished` are strokes, as "VIEW/POINTER", whose ink is dry: it is in that frame, or came to nothing.
    """

    cursors: tuple[CursorPlace, ...] = ()
    finished: tuple[str, ...] = ()
    lasers: tuple[LaserPlaces, ...] = ()


class InkGrowth(msgspec.Struct, frozen=True, array_like=True):
    """What a stroke of somebody else grew by: `points` flat and absolute in eighths, the first of them number `start`.
    At 0 the stroke begins, with its `fields`."""

    name: str
    start: int
    points: list[int]
    fields: dict[str, object] | None = None


class InkUpdate(msgspec.Struct, frozen=True):
    """Changes of the ink under others' hands; `gone` are the strokes that ended. `number` is one more each time: a page
    that misses one sends `InkLost`. With `whole`, the update is all the ink there is."""

    number: int
    whole: bool
    grown: list[InkGrowth]
    gone: list[str]


class SceneEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry of the page that is shown, as the relay keeps it; `seq` and `index` say when it was created."""

    key: str
    author: str
    seq: int
    index: int
    fields: Mapping[str, object]


class SceneUpdate(msgspec.Struct, frozen=True):
    """Changes of the entries on `page`, those of this client's pending operations among them; `gone` are keys. `number`
    is one more each time: a page that misses one sends `SceneWanted`. With `whole`, the page's scene begins anew; with
    `more`, further parts of this change follow. `applied` is each view's last operation that is in the scene."""

    number: int
    whole: bool
    more: bool
    page: str
    entries: list[SceneEntry]
    gone: list[str]
    applied: Mapping[str, int]


class Road(msgspec.Struct, frozen=True):
    """The answer to `RoadWanted`: what lets `view` accompany its kernel in `room`, once, at one of the relay's
    `addresses`, in this order; without any, `why` in words. A guest's has the `name` and `color` under which others see
    them. It is a custom message, and in no state: what it lets in,
    nobody else may be."""

    view: str
    room: str = ""
    ticket: str = ""
    addresses: tuple[str, ...] = ()
    why: str = ""
    name: str = ""
    color: str = ""


def encode(state: ControlState | FrameState | InkUpdate | SceneUpdate | Road) -> dict[str, Any]:
    """Return `state` as builtins: dicts by field, and lists."""
    encoded: dict[str, Any] = msgspec.to_builtins(state)
    return encoded
