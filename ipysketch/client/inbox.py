"""What the relay sends, message by message: to the part of a session that it is about."""

from __future__ import annotations

from relay.protocol import (
    Code,
    Commit,
    Done,
    Error,
    Goodbye,
    History,
    Minted,
    PeerCancel,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    PeerState,
    Refused,
    RemoteError,
    RoomState,
    ServerMessage,
    Snapshot,
    Ticket,
    Welcome,
)

from ..model.document import Gap
from .callbacks import Callbacks
from .hands import Hands
from .membership import Membership
from .outbox import Outbox
from .own_color import OwnColor
from .own_ink import OwnInk
from .own_presence import OwnPresence
from .page_turner import PageTurner
from .peers import Peers
from .projection import Projection, person
from .requests import Requests
from .sync import Sync
from .verdicts import Verdicts
from .wanted import WantedPreviews


class Inbox:
    """Handles the messages of one client's connection."""

    def __init__(
        self,
        sync: Sync,
        peers: Peers,
        membership: Membership,
        *,
        outbox: Outbox,
        requests: Requests,
        previews: WantedPreviews,
        callbacks: Callbacks,
        presence: OwnPresence,
        ink: OwnInk,
        projection: Projection,
        color: OwnColor,
        pages: PageTurner,
        verdicts: Verdicts,
        hands: Hands,
    ) -> None:
        self._sync = sync
        self._peers = peers
        self._membership = membership
        self._outbox = outbox
        self._requests = requests
        self._previews = previews
        self._callbacks = callbacks
        self._presence = presence
        self._ink = ink
        self._projection = projection
        self._color = color
        self._pages = pages
        self._verdicts = verdicts
        self._hands = hands

    def receive(self, messages: list[ServerMessage | bytes]) -> bool:
        """Handle the messages of one frame; return whether it brought much, so that what is held must be measured.

        Raises `RemoteError` when they break the protocol.
        """
        much = False
        try:
            for message in messages:
                if isinstance(message, bytes):
                    much = self._handle_chunk(message)
                else:
                    self._handle(message)
        except Gap as gap:
            raise RemoteError("gap", f"the relay skipped something ({gap})") from None
        self._peers.dry(self._sync.document.entries)
        self._color.differ()
        self._outbox.send_pending()
        if not self._sync.pending:
            self._presence.settle()
            self._verdicts.all_here()
        self._pages.changed()
        return much

    def _handle(self, message: ServerMessage) -> None:  # noqa: C901, PLR0912  # a case for each message
        # The most frequent ones first.
        match message:
            case PeerPreview() | PeerCancel():
                self._peers.receive(message)
                if message.peer == self._peers.me:
                    self._ink.receive(message)
            case PeerState():
                self._handle_peer(message)
            case Commit():
                self._handle_commit(message)
            case History():
                self._sync.history(message)
            case Snapshot():
                self._sync.snapshot(message)
            case PeerLeft():
                self._handle_left(message)
            case Welcome():
                self._handle_welcome(message)
            case Refused():
                self._verdicts.refused(message)
            case Error():
                if not self._requests.refused(message):
                    self._verdicts.failed(message)
            case RoomState():
                self._handle_room(message)
            case Minted() | Done() | Ticket() | Code():
                self._requests.answered(message)
            case PeerEvent(peer=peer, name=name, data=data):
                sender = next((each for each in self._projection.people() if peer and each.peer == peer), None)
                self._callbacks.fire(f"event {name}", data, sender)
            case Goodbye():
                pass  # It only lengthens the connection's back-off.

    # --- the drawing --------------------------------------------------------------------------------------

    def _handle_chunk(self, data: bytes) -> bool:
        if (read := self._sync.chunk(data)) is not None:
            self._requests.answered(read)
            return False
        return self._sync.progress is None

    def _handle_commit(self, commit: Commit) -> None:
        known = len(self._sync.lost)
        self._callbacks.committed(commit, self._sync.commit(commit))
        self._peers.committed(commit.changes)
        self._verdicts.lost(self._sync.lost[known:])
        undone, self._sync.turned = self._sync.turned, ()
        self._pages.show_undone(undone)

    # --- the room -----------------------------------------------------------------------------------------

    def _handle_welcome(self, welcome: Welcome) -> None:
        replaced = welcome.reset and welcome.epoch != self._sync.document.epoch
        given_up = self._sync.welcome(welcome)
        self._membership.welcome(welcome)
        self._verdicts.lost(given_up)
        if replaced and self._sync.previous:
            self._membership.notice = (
                "The relay's drawing was replaced; yours from before is in board.previous."
            )
        self._requests.named = welcome.request_ids
        self._previews.joined()
        self._peers.me = welcome.peer
        self._color.joined()
        self._presence.resend()
        self._hands.resend()

    def _handle_room(self, room: RoomState) -> None:
        self._membership.locked, self._membership.pens = room.locked, frozenset(room.pens)
        if not self._membership.capabilities.draw:
            self._hands.pointer_cancel()
        self._requests.answered(room)

    # --- the others ---------------------------------------------------------------------------------------

    def _handle_peer(self, state: PeerState) -> None:
        before = self._peers.peers.get(state.peer)
        self._peers.receive(state)
        self._pages.peer_changed(state, before)
        if before is None and state.peer != self._peers.me:
            self._callbacks.fire("join", person(state))

    def _handle_left(self, left: PeerLeft) -> None:
        before = self._peers.peers.get(left.peer)
        self._peers.receive(left)
        if before is not None:
            self._callbacks.fire("leave", person(before))
        self._requests.answered(left)
