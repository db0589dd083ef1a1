"""The relay: a standalone websocket server that orders, keeps and forwards; it never understands a drawing."""

__version__ = "0.1.0"
"""The version of the distribution, and so of `ipysketch` too: the only place that states it."""
