"""The relay: a standalone websocket server that orders, keeps and forwards; it never understands a drawing."""

__version__ = "0.1.0"
