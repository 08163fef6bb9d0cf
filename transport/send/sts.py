"""MTA-STS: what a domain says of the TLS of its mail servers. Source: RFC 8461; Sending mail outward, section 2.4."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

import msgspec

from transport.config.host_name import host_name

LONGEST = 31_557_600
"""Seconds that a policy may be kept."""
MOST_PATTERNS = 100
_RECORD = re.compile(r"v=STSv1[ \t]*;", re.ASCII)
_ID = re.compile(r"[a-zA-Z0-9]{1,32}")


class Mode(Enum):
    """What becomes of mail for a server that fails the policy."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


class StsPolicy(msgspec.Struct, frozen=True):
    """`mx` are patterns of host names; `max_age` in seconds from the fetch."""

    mode: Mode
    mx: tuple[str, ...]
    max_age: int

    def allows(self, host: str) -> bool:
        """Whether a mail server is one of the domain's: `*.` stands for exactly one label (RFC 8461 §4.1)."""
        name = host.lower().rstrip(".")
        return any(name == each or (each[:2] == "*." and name.partition(".")[2] == each[2:]) for each in self.mx)

    @property
    def lines(self) -> tuple[str, ...]:
        """As it was published."""
        return ("version: STSv1", f"mode: {self.mode.value}", *(f"mx: {each}" for each in self.mx),
                f"max_age: {self.max_age}")  # fmt: skip


def policy_id(texts: Iterable[str]) -> str | None:
    """The id in the TXT records of `_mta-sts.<domain>`; None when not exactly one of them is one of MTA-STS."""
    found = [text for text in texts if _RECORD.match(text)]
    if len(found) != 1:
        return None
    fields = dict(_field(part, "=") for part in found[0].split(";") if "=" in part)
    return fields["id"] if _ID.fullmatch(fields.get("id", "")) else None


def parse(body: bytes) -> StsPolicy:
    """The policy of a file. Raises ValueError that says what is wrong with it."""
    try:
        lines = body.decode().splitlines()
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
    pairs = [_field(line, ":") for line in lines if ":" in line]
    fields = dict(reversed(pairs))
    if fields.get("version") != "STSv1":
        raise ValueError("it does not say version: STSv1")
    try:
        mode = Mode(fields.get("mode"))
    except ValueError:
        raise ValueError(f"its mode is {fields.get('mode', 'missing')[:40]!r}") from None
    names = tuple(_pattern(value) for key, value in pairs if key == "mx")
    if len(names) > MOST_PATTERNS or (not names and mode is not Mode.NONE):
        raise ValueError("it names no mail server" if not names else "it names too many mail servers")
    return StsPolicy(mode, names, _age(fields.get("max_age", "")))


def _field(text: str, separator: str) -> tuple[str, str]:
    key, _, value = text.partition(separator)
    return key.strip(), value.strip()


def _pattern(text: str) -> str:
    try:
        return host_name(text.removesuffix("."))
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no name of a mail server") from None


def _age(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError("it does not say how long it holds (max_age)")
    return min(int(text), LONGEST)
