"""The errors of the public API: one sentence that says what happened and what to do next."""

from __future__ import annotations

import warnings

STARTING = "starting"
"""The code of an error after which a relay may yet answer: the machine is slow."""


class SketchError(Exception):
    """Something that the user of the API can do something about.

    IPython shows its sentence alone, for a stack trace would say nothing about the mistake. `code` is the relay's word
    for it, where it was the relay that refused, or `STARTING`.
    """

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code

    def _render_traceback_(self) -> list[str]:
        return [f"ipysketch: {self}"]


def missing_library(name: str) -> SketchError:
    """Return the error of a library that is not installed."""
    return SketchError(
        f"the library {name} is missing; install what a notebook needs: pip install 'ipysketch-live[notebook]'"
    )


class LeftOutWarning(UserWarning):
    """A file held something that a board cannot show, or not as it was."""


# Each time, and not once for a line of code: the next file is another one. A user's own filters come first.
warnings.filterwarnings("always", category=LeftOutWarning, append=True)


class ArgumentError(SketchError, ValueError):
    """An argument has a value that is not allowed."""


class ArgumentTypeError(SketchError, TypeError):
    """An argument is of a type that is not allowed."""
