"""A session whose parts only note what a widget asks of them."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from ipysketch.client.drawing import Drawing
from ipysketch.client.hands import Hands
from ipysketch.client.moderation import Moderation
from ipysketch.client.operations import Operations
from ipysketch.client.own_presence import OwnPresence
from ipysketch.client.page_turner import PageTurner
from ipysketch.client.presenter import Presenter
from ipysketch.client.session import Session
from ipysketch.client.wanted import WantedPreviews

PARTS = {
    "drawing": Drawing,
    "hands": Hands,
    "moderation": Moderation,
    "operations": Operations,
    "pages": PageTurner,
    "presence": OwnPresence,
    "presenter": Presenter,
    "previews": WantedPreviews,
}


def fake_session() -> Any:
    """What was asked is in its `mock_calls`, each call by the name of the part."""
    session = Mock(spec=Session)
    for name, part in PARTS.items():
        setattr(session, name, Mock(spec=part))
    return session
