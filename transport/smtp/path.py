"""Reverse-paths and forward-paths: RFC 5321 §4.1.2, read strictly where laxness would let a relay check be fooled."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from unicodedata import category, normalize

import msgspec

_ATEXT = r'[^\x00-\x20\x7f-\x9f\s"(),.:;<>@\[\\\]]'
"""RFC 5322 §3.2.3, and beyond ASCII what RFC 6531 §3.3 adds; controls and blanks are none."""
_ATEXT_OR_DOT = _ATEXT.replace(",.:", ",:")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_DOMAIN = re.compile(rf"{_NAME}|\[(?:[0-9.]{{7,15}}|IPv6:[0-9A-Fa-f:.]{{2,45}})\]")
_BARE = rf"(?!\.+(?:@|\Z)){_ATEXT_OR_DOT}+"
"""Dots stand where they like, as in addresses that carriers have given out (`taro..yamada@docomo.ne.jp`)."""
_QUOTED = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|[^\x00-\x9f\s]|\\[\x20-\x7e])*"'
_MAILBOX = re.compile(rf"(?P<local>{_BARE}|{_QUOTED})@(?P<domain>{_DOMAIN.pattern})")
_UTF8_MAILBOX = re.compile(rf'(?P<local>{_BARE}|{_QUOTED})@(?P<domain>[^\x00-\x20"<>@]+)')
_QUOTED_PAIR = re.compile(r"\\(.)")
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_BARE_LOCAL_PART = re.compile(_BARE)
_REROUTING = re.compile(r"[%!@]")
_LETTERS_AND_DIGITS = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_MARKS = frozenset({"Mn", "Mc"})
_PERMITTED = frozenset("\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb")
_FORBIDDEN = frozenset("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
"""The exceptions of RFC 5892 §2.6."""
LOCAL_PART_LIMIT, DOMAIN_LIMIT = 64, 255
PATH_LIMIT = LOCAL_PART_LIMIT + 1 + DOMAIN_LIMIT
LONG_PATH_LIMIT = 1860
"""Characters of an address where XLONGADDR is offered, for X.400 (Exchange reference, section 1.2)."""


class Path(msgspec.Struct, frozen=True):
    """A mailbox: `local_part` without quotes, `domain` in lower case; both empty for the null reverse-path `<>`.

    `quoted`: the local part came in quotes, and but for its dots would not need them.
    """

    local_part: str
    domain: str
    quoted: bool = False

    def __str__(self) -> str:
        if not self.domain:
            return self.local_part
        bare = not self.quoted and _BARE_LOCAL_PART.fullmatch(self.local_part)
        local = self.local_part if bare else '"' + re.sub(r'(["\\])', r"\\\1", self.local_part) + '"'
        return f"{local}@{self.domain}"

    @property
    def may_reroute(self) -> bool:
        """True when a next hop could read another destination out of the local part (`%`, `!`, `@`, wide ones too)."""
        return _REROUTING.search(normalize("NFKC", self.local_part)) is not None


NULL_PATH = Path("", "")


class PathError(ValueError):
    """The text is no path that we accept."""


class NotAsciiError(PathError):
    """It has characters outside ASCII, and the client has not asked for SMTPUTF8 (RFC 6531 §3.5)."""


class DomainError(PathError):
    """Its domain has characters that IDNA forbids or reads in two ways."""


@lru_cache(maxsize=8192)
def parse_mailbox(text: str, limit: int = PATH_LIMIT, smtp_utf8: bool = False) -> Path:
    """`local@domain` → Path. Raises PathError for anything else, source routes and trailing dots included.

    `limit` counts characters; with `smtp_utf8` the text holds the octets of UTF-8 (RFC 6531 §3.3), and the domain comes
    out in its ASCII form. The cache keeps only what fits a command line, so its size is bounded.
    """
    if not text.isascii():
        if not smtp_utf8:
            raise NotAsciiError(text)
        return _international(text, limit)
    match = _MAILBOX.fullmatch(text)
    if match is None or len(text) > limit:
        raise PathError(text)
    return _path(match["local"], _checked(match["domain"].lower()), limit)


def _international(text: str, limit: int) -> Path:
    try:
        match = _UTF8_MAILBOX.fullmatch(text.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        raise PathError(text) from None
    if match is None or len(text) > limit:
        raise PathError(text)
    domain = match["domain"]
    return _path(normalize("NFC", match["local"]), _checked(_ascii_domain(domain)), limit)


def _path(local: str, domain: str, limit: int) -> Path:
    """No local part holds what a next hop could take for the end of the path, or what nobody sees."""
    in_quotes = local.startswith('"')
    if in_quotes:
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    most = LOCAL_PART_LIMIT if limit == PATH_LIMIT else limit
    if not local or len(local.encode()) > most or not local.isprintable() or "<" in local or ">" in local:
        raise PathError(local)
    only_dots = in_quotes and _BARE_LOCAL_PART.fullmatch(local) and not _DOT_ATOM.fullmatch(local)
    return Path(local, domain, bool(only_dots))


def _checked(domain: str) -> str:
    if len(domain) > DOMAIN_LIMIT:
        raise PathError(domain)
    if domain.startswith("["):
        _check_literal(domain[1:-1])
    return domain


def _ascii_domain(text: str) -> str:
    """The domain in A-labels and lower case (RFC 5890 §2.3.2.1)."""
    domain = text if text.isascii() else ".".join(map(_ascii_label, text.split(".")))
    if not _DOMAIN.fullmatch(domain):
        raise (PathError if text.isascii() else DomainError)(text)
    return domain.lower()


def _ascii_label(text: str) -> str:
    """One label. What IDNA 2003 maps to something else (ß, wide letters, dots, nothing) is refused: IDNA 2008 reads it
    otherwise, or not at all, and one name would be two domains (RFC 5894 §7.2).
    """
    if text.isascii():
        return text
    plain = normalize("NFC", text).lower()
    try:
        label = text.encode("idna").decode("ascii").lower()
        same = label.encode().decode("idna") == plain
    except UnicodeError:
        same = False
    if not same or not _is_permitted(plain):
        raise DomainError(text)
    return label


def _is_permitted(label: str) -> bool:
    """Whether IDNA knows a label of these characters (RFC 5892 §2, without its rules of context)."""
    if category(label[0]) in _MARKS or label[2:4] == "--":
        return False
    return all(each.isascii() or each in _PERMITTED or _is_letter(each) for each in label)


def _is_letter(character: str) -> bool:
    if category(character) not in _LETTERS_AND_DIGITS or character in _FORBIDDEN:
        return False
    return normalize("NFKC", normalize("NFKC", character).casefold()) == character


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
