"""Sphinx: the pages are Markdown (MyST), the API reference is read from docstrings. `make docs` builds them."""

from relay import __version__

project = "ipysketch"
author = "the ipysketch authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = f"ipysketch {release}"
html_static_path: list[str] = []
exclude_patterns = ["changes/*"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# Docstrings put names and values between single backquotes.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False
napoleon_numpy_docstring = False
