"""What is raised for a user's mistake: one sentence that says what happened and what to do next."""

from __future__ import annotations


class SketchError(Exception):
    """Shown by IPython as its sentence alone, for a stack trace would say nothing about the mistake."""

    def _render_traceback_(self) -> list[str]:
        return [f"ipysketch: {self}"]
