"""``%sketch``: everything a notebook needs, in one line each."""

from __future__ import annotations

import argparse
import difflib
import getpass
import shlex
import tokenize
import warnings
import weakref
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from .board import DEFAULT_ROOM, Sketch, begin, boards
from .client.membership import MODERATORS
from .errors import LeftOutWarning, SketchError
from .local import doctor, doors

COMMANDS = {
    "connect": "join a room and show its board",
    "status": "print the state of the connection",
    "who": "list who is here",
    "undo": "undo your own last operation",
    "redo": "take back your own last undo",
    "clear": "delete everything on the page (undo brings it back)",
    "save": "write the drawing to a file: %sketch save NAME.png, .svg, .pdf, .json, .excalidraw, .gif or .webp",
    "load": "add a file's drawing to the page: %sketch load NAME.json, .svg or .excalidraw",
    "share": "make a link to the room's web page, with a code for phones",
    "lock": "let only moderators draw from now on",
    "unlock": "let everybody draw again",
    "remove": "take somebody out of the room: %sketch remove NAME",
    "doctor": "check the connections of this board, and say what to do where one is slow",
    "disconnect": "leave the room; the drawing stays in the notebook",
    "help": "print this list",
}

UNNAMED = "without a name"
"""A cell in a front end that says no ids."""


class _Failed(Exception):
    """A cell that draws has failed; nothing of it is drawn."""


@magics_class
class SketchMagics(Magics):
    """The magics of ipysketch."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._printed: set[str] = set()
        """Notes on relays that were printed; each is news once."""
        self._connected: list[Sketch] = []
        """What the cell that runs has connected."""
        self._of_cells: dict[str, weakref.WeakSet[Sketch]] = {}
        """What the latest run of each cell connected."""
        self._failed = ""
        """Why the last ``%sketch connect`` failed; "" when it did not."""

    @line_magic
    def sketch(self, line: str) -> None:
        """%sketch connect [URL] [--room R] [--name N] [--color C] [--token T]: draw together.

        Other sub-commands: status, who, undo, redo, clear, disconnect, help.
        """
        command, _, rest = line.strip().partition(" ")
        command = command or "help"
        if command not in COMMANDS:
            close = difflib.get_close_matches(command, COMMANDS, n=1)
            hint = f"did you mean %sketch {close[0]}?" if close else "see %sketch help"
            raise UsageError(f"%sketch has no sub-command {command!r}; {hint}")
        try:
            if command == "connect":
                self._failed = ""
                self._connect(rest)
            elif command == "share":
                self._share(rest)
            elif command == "doctor":
                self._examine()
            elif command == "help":
                print("\n".join(f"%sketch {name:<11} {text}" for name, text in COMMANDS.items()))
                print("%sketch connect --help lists its options")
            else:
                self._on_boards(command, rest)
        except SketchError as error:
            if command == "connect":
                self._failed = str(error)
            print(f"ipysketch: {error}")

    @cell_magic("sketch")  # type: ignore[arg-type]  # its types know methods of one line only
    def sketch_cell(self, line: str, cell: str) -> None:
        """%%sketch [NAME] [--room R]: run a cell that draws with `board`, in place of what it drew before.

        What the cell draws is one group, known by NAME, else by the cell itself; `undo` takes it back as one. When the
        cell fails, nothing of it is drawn.
        """
        arguments = parse_argstring(self._group, line)
        try:
            board = _connected({arguments.room.strip("\"'")} if arguments.room else set())[-1]
            with board.group(f"cell {arguments.name or self._cell_name()}"):
                assert self.shell is not None
                self.shell.user_ns["board"] = board
                if not self.shell.run_cell(cell, silent=_ends_with_semicolon(cell)).success:
                    raise _Failed
        except _Failed:
            pass  # IPython has shown what failed.
        except SketchError as error:
            print(f"ipysketch: {error}")

    def _cell_name(self) -> str:
        """Return the name of this cell's group: its id, where the front end sends it."""
        kernel = getattr(self.shell, "kernel", None)
        cell = kernel.get_parent("shell").get("metadata", {}).get("cellId", "") if kernel else ""
        return str(cell)[:48] or UNNAMED

    @magic_arguments("%%sketch")
    @argument("name", nargs="?", help="the name of this cell's group; the cell's own id if left out")
    @argument("--room", help="the board to draw on; the one connected last if left out")
    def _group(self, line: str) -> None: ...

    @magic_arguments("%sketch connect")
    @argument("url", nargs="?", help="the relay, such as ws://127.0.0.1:8765; your own relay if left out")
    @argument("--room", default=DEFAULT_ROOM, help="the drawing to share (default: %(default)s)")
    @argument("--name", help="how the others see you")
    @argument("--color", help="your colour: red, or #rrggbb in quotes, such as '#d1495b'")
    @argument("--token", help="what the relay asks for; better kept in IPYSKETCH_TOKEN")
    def _connect(self, line: str) -> None:
        if "--help" in line.split():
            print(_help("%sketch connect", self._connect.parser))
            return
        arguments = parse_argstring(self._connect, line)
        texts = {
            name: value.strip("\"'") if isinstance(value, str) else value
            for name, value in vars(arguments).items()
        }
        board = self._join(texts)
        self._connected.append(board)
        self._print_relay(board)
        if not board.connected:
            print(f"ipysketch: {board.status}")
        # The views load what they need while the drawing arrives.
        display(board)
        board.settle()

    def leave_replaced(self, *_: object) -> None:
        """Leave the rooms that an earlier run of this cell joined, where none joined them since: nobody sees them."""
        connected, self._connected = self._connected, []
        cell = self._cell_name()
        if not connected or cell == UNNAMED:
            return
        before = self._of_cells.get(cell, ())
        self._of_cells[cell] = weakref.WeakSet(connected)
        for board in before:
            if not any(board in boards for boards in self._of_cells.values()):
                board.disconnect()

    def _print_relay(self, board: Sketch) -> None:
        """Print which relay a board goes through, and who is probably not in it, unless that was printed."""
        which, _, apart = board.relay.partition("; ")
        started = board.started_relay
        notes = (f"ipysketch: {started}" if started else f"ipysketch draws through {which}" if which else "",)
        for note in (*notes, f"ipysketch: {apart}" if apart else ""):
            if note and note not in self._printed:
                self._printed.add(note)
                print(note)

    @magic_arguments("%sketch share")
    @argument("room", nargs="?", help="the room, if several are connected")
    @argument("--role", help="where the relay asks for tokens: viewer (without it), editor or moderator")
    @argument("--hours", type=float, default=8.0, help="for how long (default: %(default)s)")
    @argument("--lan", action="store_true", help="for people in the network of this computer")
    def _share(self, line: str) -> None:
        if "--help" in line.split():
            print(_help("%sketch share", self._share.parser))
            return
        arguments = parse_argstring(self._share, line)
        board = _connected({arguments.room.strip("\"'")} if arguments.room else set())[-1]
        display(board.share(role=arguments.role, seconds=3600 * arguments.hours, lan=arguments.lan))

    @staticmethod
    def _join(texts: dict[str, Any]) -> Sketch:
        named = {name: texts[name] for name in ("room", "name", "color", "token")}
        try:
            return begin(texts["url"], **named)
        except SketchError as error:
            if error.code not in ("token", "token-expired", "token-revoked") or named["token"]:
                raise
            refused = error
        try:
            # This field is neither shown nor saved.
            named["token"] = getpass.getpass(f"ipysketch: {refused}. Token: ").strip()
        except (EOFError, NotImplementedError):
            raise refused from None  # There is nobody to ask: a script, or nbconvert.
        if not named["token"]:
            raise refused
        return begin(texts["url"], **named)

    def _examine(self) -> None:
        print(doctor.versions())
        kernel = getattr(self.shell, "kernel", None) is not None
        for board in boards():
            if board.relay:
                print(doctor.route(board.relay))
            for finding in doctor.examine(board.health(), kernel=kernel):
                print(finding)
        if self._failed:
            print(doctor.Finding(False, f"the last %sketch connect failed: {self._failed}"))
        print("\n".join(doctor.routes(doors.reasons(doors.named(None)))))
        if not boards():
            print("no board is connected here; begin with %sketch connect, and ask again")

    def _on_boards(self, command: str, rest: str) -> None:
        words = shlex.split(rest)
        chosen = _connected(set() if command in ("remove", "save", "load") else set(words))
        if command in ("undo", "redo", "clear", "remove", "save", "load"):
            chosen = chosen[-1:]
        if command in ("save", "load"):
            if len(words) != 1:
                raise SketchError(f"say one file: %sketch {command} NAME.json")
            if command == "save":
                chosen[0].save(words[0])
                print(f"written to {words[0]}")
            else:
                with warnings.catch_warnings():
                    # The report says it.
                    warnings.simplefilter("ignore", LeftOutWarning)
                    print(chosen[0].load(words[0]))
            return
        if command == "remove":
            if not words:
                raise SketchError("say whom: %sketch remove NAME")
            chosen[0].remove(" ".join(words))
            return
        for board in chosen:
            self._do(command, board)

    @staticmethod
    def _do(command: str, board: Sketch) -> None:
        match command:
            case "status":
                print(board.status)
            case "who":
                people = board.people
                for person in people:
                    # Before the name: what stands in one, or behind, may be of the person's own choice.
                    mark = "✓ " if person.verified else "  " if any(each.verified for each in people) else ""
                    print(f"{mark}{person.color}  {person.name}{' (you)' if person.me else ''}")
            case "undo":
                if not board.undo():
                    print("nothing of yours to undo")
            case "redo":
                if not board.redo():
                    print("nothing of yours to redo")
            case "clear":
                board.clear()
            case "lock":
                board.lock()
                may = [
                    f"{each.name}{' (you)' if each.me else ''}"
                    for each in board.people
                    if each.role in MODERATORS
                ]
                print(f"room {board.room} is locked: only moderators draw; here that is {', '.join(may)}")
            case "unlock":
                board.unlock()
                print(f"room {board.room} is open: everybody draws")
            case "disconnect":
                board.disconnect()
                print(board.status)


def _connected(rooms: set[str]) -> list[Sketch]:
    """Return the boards of `rooms`, the latest last; all boards when `rooms` is empty.

    Raises `SketchError` when there is none, or none for one of `rooms`.
    """
    known = boards()
    if not known:
        raise SketchError("no board is connected here; begin with %sketch connect")
    # A room of a Hub has its group before the name that people gave it.
    names = {name for board in known for name in (board.room, board.room.partition(".")[2])}
    if missing := rooms - names:
        here = ", ".join(board.room for board in known)
        raise SketchError(f"no board here is in the room {min(missing)!r}; the rooms here are: {here}")
    return [board for board in known if not rooms or rooms & {board.room, board.room.partition(".")[2]}]


def _ends_with_semicolon(cell: str) -> bool:
    """Return whether a cell ends so that its last value is not shown: IPython does not see it inside of a magic."""
    try:
        return bool(DisplayHook.semicolon_at_end_of_expression(cell))
    except (tokenize.TokenError, SyntaxError):
        return False


def _help(command: str, parser: argparse.ArgumentParser) -> str:
    """Return how `command` is called, as a shell shows it: IPython's own form is for docstrings."""
    formatter = parser.formatter_class
    try:
        parser.prog, parser.formatter_class = command, argparse.HelpFormatter
        return parser.format_help().strip()
    finally:
        parser.formatter_class = formatter


def complete(_shell: Any, event: Any) -> list[str]:
    """Return sub-commands after ``%sketch``, options after ``%sketch connect`` and ``%sketch share``."""
    words = event.line.split()
    if "connect" in words[:2] and (len(words) > 2 or event.line.endswith(" ")):
        return ["--room", "--name", "--color", "--token"]
    if "share" in words[:2] and (len(words) > 2 or event.line.endswith(" ")):
        return ["--role", "--hours"]
    return list(COMMANDS)


def register(shell: InteractiveShell) -> None:
    """Add ``%sketch`` and its completion to `shell`, once."""
    if isinstance(shell.magics_manager.registry.get(SketchMagics.__name__), SketchMagics):
        return
    made = SketchMagics(shell)
    shell.register_magics(made)
    shell.events.register("post_run_cell", made.leave_replaced)
    shell.set_hook("complete_command", complete, str_key="%sketch")
    shell.set_hook("complete_command", complete, str_key="sketch")
