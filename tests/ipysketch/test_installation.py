"""The package as it is installed: one version, and one sentence where the notebook libraries are missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ipysketch
import relay

# An entry of None in `sys.modules` makes the import of that name raise ModuleNotFoundError.
WITHOUT = """
import sys
sys.modules[{library!r}] = None
import ipysketch
try:
    {statement}
except ipysketch.SketchError as error:
    print(error)
"""


def test_both_packages_have_the_same_version() -> None:
    assert ipysketch.__version__ == relay.__version__


@pytest.mark.parametrize(
    ("library", "statement"),
    [
        ("platformdirs", "ipysketch.Sketch()"),
        ("platformdirs", "from ipysketch import connect"),
        ("numpy", "ipysketch.Sketch().stroke([(0, 0), (9, 9)])"),
    ],
)
def test_a_missing_library_is_one_sentence_with_the_command(library: str, statement: str) -> None:
    script = WITHOUT.format(library=library, statement=statement)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"the library {library} is missing; install what a notebook needs: "
        "pip install 'ipysketch-live[notebook]'\n"
    )


def test_the_extension_names_a_missing_widget_library() -> None:
    script = WITHOUT.format(library="ipycanvas", statement="ipysketch.load_ipython_extension(None)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("the library ipycanvas is missing;")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        _ = ipysketch.conect
