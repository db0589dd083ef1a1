"""The old place of `ipysketch.files.write_svg`, for notebooks that were saved with ipysketch 0.1."""

from .files.write_svg import svg

__all__ = ["svg"]
