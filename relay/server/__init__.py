"""Sockets, timers, HTTP and shutdown around the rooms."""

from .relay import Relay

__all__ = ["Relay"]
