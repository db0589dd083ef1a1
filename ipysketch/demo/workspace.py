"""A JupyterLab workspace: which notebooks are open, and where. The form is that of JupyterLab 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def side_by_side(name: str, notebooks: Sequence[str]) -> dict[str, Any]:
    """Return the workspace `name` with `notebooks` beside each other, equally wide, and both side bars shut."""
    widgets = [f"notebook:{notebook}" for notebook in notebooks]
    areas = [{"type": "tab-area", "currentIndex": 0, "widgets": [widget]} for widget in widgets]
    opened = {
        widget: {"data": {"path": notebook, "factory": "Notebook"}}
        for widget, notebook in zip(widgets, notebooks, strict=True)
    }
    layout = {
        "main": {
            "dock": {
                "type": "split-area",
                "orientation": "horizontal",
                "sizes": [1 / len(widgets)] * len(widgets),
                "children": areas,
            },
            "current": widgets[0],
        },
        # A side bar that names a current widget opens, whatever it says of being collapsed.
        "left": {"collapsed": True, "visible": True, "widgets": ["filebrowser"]},
        "right": {"collapsed": True, "visible": True, "widgets": []},
        "relativeSizes": [0, 1, 0],
    }
    return {"data": {"layout-restorer:data": layout, **opened}, "metadata": {"id": name}}
