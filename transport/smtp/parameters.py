"""ESMTP parameters of MAIL and RCPT: RFC 5321 §4.1.1.11."""

from __future__ import annotations

import re

import msgspec

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})
ENVID_LIMIT, ORCPT_LIMIT, AUTH_LIMIT = 100, 500, 500


class ParameterError(ValueError):
    """A parameter is malformed, or stands twice."""


class UnknownParameter(ValueError):
    """A parameter that belongs to no extension which was offered."""


class MailParameters(msgspec.Struct, frozen=True):
    """What MAIL may carry: the announced size in octets (RFC 1870 §6), the body type (RFC 6152 §3, RFC 3030 §3),
    SMTPUTF8 (RFC 6531 §3.4), RET and ENVID (RFC 3461 §4.3 and §4.4), REQUIRETLS (RFC 8689 §2). AUTH is understood and
    not believed (RFC 4954 §5).
    """

    size: int = 0
    body: str = "7BIT"
    smtp_utf8: bool = False
    ret: str = ""
    envid: str = ""
    require_tls: bool = False


class RcptParameters(msgspec.Struct, frozen=True):
    """What RCPT may carry: NOTIFY and ORCPT (RFC 3461 §4.1 and §4.2), empty when absent. XORAR (an alternate recipient,
    Set-ReceiveConnector's OrarEnabled) is understood and not used.
    """

    notify: str = ""
    orcpt: str = ""


NO_PARAMETERS = MailParameters()
NO_RCPT_PARAMETERS = RcptParameters()


def mail_parameters(text: str, offered: frozenset[str]) -> MailParameters:
    """The parameters after the reverse-path. `offered` holds the keywords that may come, `BODY=…` with its values.

    Raises ParameterError or UnknownParameter.
    """
    if not text:
        return NO_PARAMETERS
    found = _pairs(text, offered)
    size, body = found.get("SIZE", "0"), found.get("BODY", "7BIT").upper()
    if not (size.isascii() and size.isdigit() and len(size) <= 20):
        raise ParameterError(text)
    if body != "7BIT" and f"BODY={body}" not in offered:
        raise ParameterError(text)
    ret, envid = found.get("RET", "").upper(), found.get("ENVID", "")
    if ("RET" in found and ret not in ("FULL", "HDRS")) or not _is_xtext(envid, ENVID_LIMIT):
        raise ParameterError(text)
    if "AUTH" in found and (not found["AUTH"] or not _is_xtext(found["AUTH"], AUTH_LIMIT)):
        raise ParameterError(text)
    if found.get("SMTPUTF8") or found.get("REQUIRETLS"):
        raise ParameterError(text)
    return MailParameters(int(size), body, "SMTPUTF8" in found, ret, envid, "REQUIRETLS" in found)


def rcpt_parameters(text: str, offered: frozenset[str], smtp_utf8: bool = False) -> RcptParameters:
    """The parameters after the forward-path; with `smtp_utf8` ORCPT may hold the octets of UTF-8 (RFC 6533 §3), and
    comes out in its ASCII form. Raises ParameterError or UnknownParameter.
    """
    if not text:
        return NO_RCPT_PARAMETERS
    found = _pairs(text, offered)
    notify, orcpt = found.get("NOTIFY", "").upper(), found.get("ORCPT", "")
    if "NOTIFY" in found and notify != "NEVER" and not set(notify.split(",")) <= _NOTIFY:
        raise ParameterError(text)
    if smtp_utf8 and orcpt[:6].lower() == "utf-8;":
        orcpt = _ascii_form(orcpt)
    if "ORCPT" in found:
        kind, separator, address = orcpt.partition(";")
        if not separator or not kind or not address or not _is_xtext(orcpt, ORCPT_LIMIT):
            raise ParameterError(text)
    return RcptParameters(notify, orcpt)


def _ascii_form(text: str) -> str:
    r"""`utf-8;jürgen@contoso.com` as `utf-8;j\x{FC}rgen@contoso.com`, which every next hop and report can carry."""
    try:
        characters = text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise ParameterError(text) from None
    return "".join(each if each.isascii() else f"\\x{{{ord(each):X}}}" for each in characters)


def _is_xtext(text: str, limit: int) -> bool:
    return len(text) <= limit and _XTEXT.fullmatch(text) is not None


def _pairs(text: str, offered: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(" ")):  # split() would also take an octet of à for a blank
        keyword, _, value = part.partition("=")
        keyword = keyword.upper()
        if not keyword or keyword in found:
            raise ParameterError(part)
        if keyword not in offered:
            raise UnknownParameter(keyword)
        found[keyword] = value
    return found
