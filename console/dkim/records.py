"""The DNS record of a key, as it must stand there, and what is there instead: RFC 6376 §3.6.1, RFC 8463 §4."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from transport.send.dkim import Algorithm, tags

LONGEST_STRING = 255
"""Octets of one string of a TXT record: RFC 1035 §3.3."""


def record(algorithm: Algorithm, public_key: str) -> str:
    """The text of the record; an empty key revokes it."""
    return f"v=DKIM1; k={'ed25519' if algorithm is Algorithm.ED25519 else 'rsa'}; p={public_key}"


def strings(text: str) -> list[str]:
    """The text in strings that DNS can carry."""
    return [text[at : at + LONGEST_STRING] for at in range(0, len(text), LONGEST_STRING)]


def zone_line(name: str, text: str) -> str:
    """The record as a zone file holds it."""
    return f"{name}. 3600 IN TXT ( " + " ".join(f'"{part}"' for part in strings(text)) + " )"


def difference(wanted: str, found: Sequence[str] | None) -> str:
    """What is wrong with the records that DNS shows at a key's name, in words; empty when nothing is. None stands for
    no answer.
    """
    if found is None:
        return _("DNS does not answer.")
    keys = [tags(text) for text in found]
    keys = [each for each in keys if "p" in each]
    if not keys:
        return _("DNS has no record there yet.")
    if len(keys) > 1:
        return _("DNS has several records there; only one may stand.")
    mine, theirs = tags(wanted), keys[0]
    if theirs.get("v", "DKIM1") != "DKIM1" or theirs.get("k", "rsa") != mine["k"]:
        return _("The record there is of another kind: it must begin with %s.") % wanted.partition(" p=")[0]
    if theirs["p"] != mine["p"]:
        return _("The record there holds no key: it is revoked.") if not theirs["p"] else _("Another key stands there.")
    if "y" in theirs.get("t", "").split(":"):
        return _("The record says t=y, that it is a test: take that out.")
    return ""
