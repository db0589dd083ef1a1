"""``%sketch``: everything a notebook needs, in one line each."""

from __future__ import annotations

import difflib
import getpass
import shlex
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from . import doctor
from .board import DEFAULT_ROOM, Sketch, begin, boards
from .errors import SketchError

COMMANDS = {
    "connect": "join a room and show its board",
    "status": "say in words how the connection is",
    "who": "list who is here",
    "undo": "take back my own last operation",
    "redo": "take back my own last undo",
    "clear": "take everything away (undo brings it back)",
    "save": "write the drawing to a file: %sketch save NAME.png, .svg, .pdf, .json, .gif or .webp",
    "load": "put a file's drawing on the board: %sketch load NAME.json, .svg or .excalidraw",
    "share": "a link to the room's page, with a code for phones",
    "lock": "let only moderators draw from now on",
    "unlock": "let everybody draw again",
    "remove": "take somebody out of the room: %sketch remove NAME",
    "doctor": "what this board stands on, and what to do where it is not well",
    "disconnect": "leave the room; the drawing stays in the notebook",
    "help": "this list",
}


class _Failed(Exception):
    """A cell that draws has failed; nothing of it shall stay."""


@magics_class
class SketchMagics(Magics):
    """The magics of ipysketch."""

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
                if not self.shell.run_cell(cell).success:
                    raise _Failed
        except _Failed:
            pass  # IPython has shown what failed.
        except SketchError as error:
            print(f"ipysketch: {error}")

    def _cell_name(self) -> str:
        """What tells this cell from the others: its id, where the front end says it."""
        kernel = getattr(self.shell, "kernel", None)
        found = kernel.get_parent("shell").get("metadata", {}).get("cellId", "") if kernel else ""
        return str(found)[:48] or "without a name"

    @magic_arguments("%%sketch")
    @argument("name", nargs="?", help="what the drawing of this cell is called; the cell's own id if left out")
    @argument("--room", help="the board to draw on; the one connected last if left out")
    def _group(self, line: str) -> None: ...

    @magic_arguments("%sketch connect")
    @argument("url", nargs="?", help="the relay, such as ws://127.0.0.1:8765; your own relay if left out")
    @argument("--room", default=DEFAULT_ROOM, help="the drawing to share (default: %(default)s)")
    @argument("--name", help="how the others see you")
    @argument("--color", help="your colour, #rrggbb; quote it: '#d1495b'")
    @argument("--token", help="what the relay asks for; better kept in IPYSKETCH_TOKEN")
    def _connect(self, line: str) -> None:
        if "--help" in line.split():
            print(self._connect.parser.format_help())
            return
        arguments = parse_argstring(self._connect, line)
        texts = {
            name: value.strip("\"'") if isinstance(value, str) else value
            for name, value in vars(arguments).items()
        }
        board = self._join(texts)
        if board.started_relay:
            print(f"ipysketch: {board.started_relay}")
            board.started_relay = ""
        if not board.connected:
            print(f"ipysketch: {board.status}")
        # Pages load what they need while the drawing comes.
        display(board)
        board.settle()

    @magic_arguments("%sketch share")
    @argument("room", nargs="?", help="which, if several are connected")
    @argument("--role", default="viewer", help="where the relay asks for tokens: viewer, editor or moderator")
    @argument("--hours", type=float, default=8.0, help="for how long (default: %(default)s)")
    def _share(self, line: str) -> None:
        if "--help" in line.split():
            print(self._share.parser.format_help())
            return
        arguments = parse_argstring(self._share, line)
        board = _connected({arguments.room.strip("\"'")} if arguments.room else set())[-1]
        display(board.share(role=arguments.role, seconds=3600 * arguments.hours))

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
            # Asked for in a field that is neither shown nor saved.
            named["token"] = getpass.getpass(f"ipysketch: {refused}. Token: ").strip()
        except (EOFError, NotImplementedError):
            raise refused from None  # Nobody is there to be asked: a script, or nbconvert.
        if not named["token"]:
            raise refused
        return begin(texts["url"], **named)

    def _examine(self) -> None:
        print(doctor.versions())
        kernel = getattr(self.shell, "kernel", None) is not None
        for board in boards():
            for finding in doctor.examine(board.health(), kernel=kernel):
                print(finding)
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
                for person in board.people:
                    print(f"{person.color}  {person.name}{' (you)' if person.me else ''}")
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
                print(f"room {board.room} is locked: only moderators draw")
            case "unlock":
                board.unlock()
                print(f"room {board.room} is open: everybody draws")
            case "disconnect":
                board.disconnect()
                print(board.status)


def _connected(rooms: set[str]) -> list[Sketch]:
    """The boards of `rooms`, of all when there are none, the latest last; raises `SketchError` for no board."""
    chosen = [board for board in boards() if not rooms or board.room in rooms]
    if not chosen:
        raise SketchError("no board is connected here; begin with %sketch connect")
    return chosen


def complete(shell: Any, event: Any) -> list[str]:
    """Sub-commands after ``%sketch``, options after ``%sketch connect``."""
    words = event.line.split()
    if "connect" in words[:2] and (len(words) > 2 or event.line.endswith(" ")):
        return ["--room", "--name", "--color", "--token"]
    if "share" in words[:2] and (len(words) > 2 or event.line.endswith(" ")):
        return ["--role", "--hours"]
    return list(COMMANDS)


def register(shell: InteractiveShell) -> None:
    """Make ``%sketch`` and its completion known to `shell`."""
    shell.register_magics(SketchMagics)
    shell.set_hook("complete_command", complete, str_key="%sketch")
    shell.set_hook("complete_command", complete, str_key="sketch")
