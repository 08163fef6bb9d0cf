"""Which commands are worth keeping."""

from __future__ import annotations

import re

_SECRET = re.compile(r"password|asplaintext|securestring|apikey|secret|token|credential", re.IGNORECASE)


def is_secret(text: str) -> bool:
    """Whether a command had better not be kept in a history: the words by which PSReadLine decides it."""
    return bool(_SECRET.search(text))
