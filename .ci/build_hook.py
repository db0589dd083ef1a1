"""Puts the joined JavaScript into a wheel, so that nobody's first page or first cell waits for it."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class JoinedModules(BuildHookInterface):  # type: ignore[type-arg]
    """See `relay.javascript.built`; an editable installation joins what is there when it starts."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the modules, and add them to what is packed."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from relay.javascript import built  # noqa: PLC0415  # It can be found from here on.

        self._folder = tempfile.TemporaryDirectory()
        for entry in (built.PAGE, built.WIDGET):
            name = f"{built.tag(entry)}.js.gz"
            path = Path(self._folder.name, name)
            path.write_bytes(built.compressed(entry))
            build_data["force_include"][str(path)] = f"{built.MADE}/{name}"

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove them from where they were made."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
