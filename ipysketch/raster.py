"""The old place of `ipysketch.files.rasterize`, for notebooks that were saved with ipysketch 0.1."""

from .files.rasterize import raster

__all__ = ["raster"]
