"""What is to be looked at, read as people write it. Pure."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from transport.config.endpoint import parse_binding
from transport.config.host_name import host_name
from transport.send import hosts

SMTP = 25
MOST_SELECTORS = 5
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def domain(text: str) -> tuple[str, int]:
    """A domain, or that of an address, and the port of its mail servers. Raises ValueError."""
    return host_name(text.strip().rpartition("@")[2].rstrip(".")), SMTP


def server(text: str) -> tuple[str, int]:
    """Name or address, and the port. Raises ValueError."""
    text = text.strip()
    literal = hosts.literal(text)
    if literal is not None:
        return literal, SMTP
    name, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and hosts.literal(name) is not None:
        binding = parse_binding(text)
        return binding.ip, binding.port
    if colon and port.isdecimal() and 0 < int(port[:6]) < 65536:
        return host_name(name), int(port)
    return host_name(text.rstrip(".")), SMTP


def selectors(text: str) -> tuple[str, ...]:
    """Of DKIM, separated by commas or blanks. Raises ValueError."""
    given = [each for each in re.split(r"[\s,;]+", text) if each]
    wrong = next((each for each in given if not _SELECTOR.fullmatch(each)), None)
    if wrong is not None:
        raise ValueError(_("“%s” is no selector.") % wrong)
    if len(given) > MOST_SELECTORS:
        raise ValueError(_("At most %d selectors.") % MOST_SELECTORS)
    return tuple(given)
