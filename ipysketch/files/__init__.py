"""Drawings as files and pictures: reading, writing, rasterizing."""
