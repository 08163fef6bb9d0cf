"""ESMTP parameters of MAIL and RCPT: RFC 5321 §4.1.1.11."""

from __future__ import annotations

import msgspec


class ParameterError(ValueError):
    """A parameter is malformed, or stands twice."""


class UnknownParameter(ValueError):
    """A parameter that belongs to no extension which we offer."""


class MailParameters(msgspec.Struct, frozen=True):
    """What MAIL may carry: the announced size in octets (RFC 1870 §6) and the body type (RFC 6152 §3)."""

    size: int = 0
    body: str = "7BIT"


NO_PARAMETERS = MailParameters()


def mail_parameters(text: str) -> MailParameters:
    """The parameters after the reverse-path. Raises ParameterError or UnknownParameter."""
    if not text:
        return NO_PARAMETERS
    found = _pairs(text)
    size = found.pop("SIZE", "0")
    body = found.pop("BODY", "7BIT").upper()
    if found:
        raise UnknownParameter(next(iter(found)))
    if not (size.isascii() and size.isdigit() and len(size) <= 20) or body not in ("7BIT", "8BITMIME"):
        raise ParameterError(text)
    return MailParameters(int(size), body)


def no_parameters(text: str) -> None:
    """RCPT takes none. Raises UnknownParameter when there is one."""
    if text:
        raise UnknownParameter(text)


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split():
        keyword, _, value = part.partition("=")
        if not keyword or keyword.upper() in found:
            raise ParameterError(part)
        found[keyword.upper()] = value
    return found
