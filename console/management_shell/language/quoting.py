"""Texts as they must be written in a script to mean themselves."""

from __future__ import annotations

import re

_BARE = re.compile(r"[A-Za-z0-9_./:\\*\[\]][A-Za-z0-9_./:\\*\[\]@+=%-]*")
_SIGNS = re.compile(r"[`$\"“”„]")


def quoted(text: str) -> str:
    """The text as one word: bare where nothing in it means something, else in double quotes."""
    if _BARE.fullmatch(text):
        return text
    written = _SIGNS.sub(r"`\g<0>", text).replace("\r", "`r").replace("\n", "`n").replace("\0", "`0")
    return f'"{written}"'
