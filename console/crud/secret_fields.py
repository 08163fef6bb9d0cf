"""Entries that nothing keeps: neither a session that ended nor a page that says that a server is away."""

import re

_NAMES = re.compile(r"passw|passphrase|secret|answer|private|credential_value|token|key|^again$", re.IGNORECASE)


def is_secret(field: str) -> bool:
    """Whether the field of a form may hold a secret, by its name: it is asked for anew."""
    return _NAMES.search(field) is not None
