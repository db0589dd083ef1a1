"""The number of random cases that a test tries: its own, or the environment's ``SEEDS``."""

from __future__ import annotations

import os


def seeds(count: int) -> range:
    """Return the seeds 0 to `count` - 1. ``SEEDS`` replaces `count`: 30 for a quick run, thousands for a night."""
    return range(int(os.environ.get("SEEDS") or count))
