"""What is raised for a user's mistake: one sentence that says what happened and what to do next."""

from __future__ import annotations


class SketchError(Exception):
    """Shown by IPython as its sentence alone, for a stack trace would say nothing about the mistake. `code` is the
    relay's word for it, where it was the relay that refused."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code

    def _render_traceback_(self) -> list[str]:
        return [f"ipysketch: {self}"]
