"""Reverse-paths and forward-paths: RFC 5321 §4.1.2, read strictly where laxness would let a relay check be fooled."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from unicodedata import normalize

import msgspec

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_MAILBOX = re.compile(
    rf"""(?P<local>{_ATOM}(?:\.{_ATOM})* | "(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")
         @
         (?P<domain>{_LABEL}(?:\.{_LABEL})* | \[(?:[0-9.]{{7,15}}|IPv6:[0-9A-Fa-f:.]{{2,45}})\])""",
    re.VERBOSE,
)
_QUOTED_PAIR = re.compile(r"\\(.)")
_PLAIN_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_REROUTING = re.compile(r"[%!@]")
_UTF8_ATOM = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x9f\s])+"
_UTF8_LABEL = r"(?:[A-Za-z0-9_-]|[^\x00-\x9f\s\u2024\u3002\uff0e\uff61])+"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_UTF8_MAILBOX = re.compile(
    rf"(?P<local>{_UTF8_ATOM}(?:\.{_UTF8_ATOM})*)@(?P<domain>{_UTF8_LABEL}(?:\.{_UTF8_LABEL})*)"
)
LOCAL_PART_LIMIT, DOMAIN_LIMIT = 64, 255
PATH_LIMIT = LOCAL_PART_LIMIT + 1 + DOMAIN_LIMIT
LONG_PATH_LIMIT = 1860
"""Characters of an address where XLONGADDR is offered, for X.400 (Exchange reference, section 1.2)."""


class Path(msgspec.Struct, frozen=True):
    """A mailbox: `local_part` without quotes, `domain` in lower case; both empty for the null reverse-path `<>`."""

    local_part: str
    domain: str

    def __str__(self) -> str:
        if not self.domain:
            return self.local_part
        plain = _PLAIN_LOCAL_PART.fullmatch(self.local_part) or not self.local_part.isascii()
        local = self.local_part if plain else '"' + re.sub(r'(["\\])', r"\\\1", self.local_part) + '"'
        return f"{local}@{self.domain}"

    @property
    def may_reroute(self) -> bool:
        """True when a next hop could read another destination out of the local part (`%`, `!`, `@`, wide ones too)."""
        return _REROUTING.search(normalize("NFKC", self.local_part)) is not None


NULL_PATH = Path("", "")


class PathError(ValueError):
    """The text is no path that we accept."""


@lru_cache(maxsize=8192)
def parse_mailbox(text: str, limit: int = PATH_LIMIT, smtp_utf8: bool = False) -> Path:
    """`local@domain` → Path. Raises PathError for anything else, source routes and trailing dots included.

    `limit` counts characters; with `smtp_utf8` the text holds the octets of UTF-8 (RFC 6531 §3.3), and the domain comes
    out in its ASCII form. The cache keeps only what fits a command line, so its size is bounded.
    """
    if smtp_utf8 and not text.isascii():
        return _international(text, limit)
    match = _MAILBOX.fullmatch(text)
    if match is None or len(text) > limit:
        raise PathError(text)
    local, domain = match["local"], match["domain"].lower()
    if local.startswith('"'):
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    most = LOCAL_PART_LIMIT if limit == PATH_LIMIT else limit
    if not local or len(local) > most or len(domain) > DOMAIN_LIMIT:
        raise PathError(text)
    if domain.startswith("["):
        _check_literal(domain[1:-1])
    return Path(local, domain)


def _international(text: str, limit: int) -> Path:
    try:
        match = _UTF8_MAILBOX.fullmatch(text.encode("latin-1").decode("utf-8"))
        if match is None or len(text) > limit:
            raise PathError(text)
        domain = _ascii_domain(match["domain"])
    except UnicodeError:
        raise PathError(text) from None
    local = normalize("NFC", match["local"])
    if limit == PATH_LIMIT and len(local.encode()) > LOCAL_PART_LIMIT:
        raise PathError(text)
    return Path(local, domain)


def _ascii_domain(text: str) -> str:
    """The domain in A-labels and lower case (RFC 5890 §2.3.2.1)."""
    domain = ".".join(_ascii_label(label) for label in text.split("."))
    if len(domain) > DOMAIN_LIMIT or not _DOMAIN.fullmatch(domain):
        raise PathError(text)
    return domain


def _ascii_label(text: str) -> str:
    """One label. What IDNA 2003 maps to something else (ß, wide letters, dots, nothing) is refused: IDNA 2008 reads it
    otherwise, or not at all, and one name would be two domains (RFC 5894 §7.2).
    """
    if text.isascii():
        return text.lower()
    label = text.encode("idna").decode("ascii").lower()
    if label.encode().decode("idna") != normalize("NFC", text).lower():
        raise PathError(text)
    return label


def _check_literal(text: str) -> None:
    bare = text.removeprefix("ipv6:")
    try:
        address = ip_address(bare)
    except ValueError:
        raise PathError(text) from None
    if isinstance(address, IPv6Address) != (bare != text):
        raise PathError(text)


def split_path(argument: str) -> tuple[str, str]:
    """(path text without brackets, parameters) of what follows `FROM:` or `TO:`.

    Blanks after the colon and a path without brackets are accepted, as people type them into telnet (documents 000 and
    001). Raises PathError when a bracket is missing.
    """
    argument = argument.strip(" ")
    if not argument.startswith("<"):
        path, _, parameters = argument.partition(" ")
        if not path or ">" in path or "<" in path:
            raise PathError(argument)
        return path, parameters.strip(" ")
    end = _closing_bracket(argument)
    rest = argument[end + 1 :]
    if rest and not rest.startswith(" "):
        raise PathError(argument)
    return argument[1:end], rest.strip(" ")


def _closing_bracket(argument: str) -> int:
    """Where the path ends; a `>` inside a quoted local part does not count."""
    if '"' not in argument:
        end = argument.find(">")
    else:
        match = re.match(r'<(?:[^">]|"(?:[^"\\]|\\.)*")*>', argument)
        end = match.end() - 1 if match else -1
    if end < 0:
        raise PathError(argument)
    return end
