"""The way to alter a module or a class for good: in a process of its own, or an object that one test has made."""

from __future__ import annotations


def replace(owner: object, name: str, value: object) -> None:
    """Set an attribute of a class, a module or an object; raises AssertionError when it has none of that name."""
    assert hasattr(owner, name), f"{owner} has no {name!r}"
    setattr(owner, name, value)
