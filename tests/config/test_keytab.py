"""Keytab files: whose keys are in them, and that nothing else passes for one."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.keytab import MAGIC, Key, keys, merged


def entry(principal: str = "smtp/mail.contoso.com@CONTOSO.COM", version: int = 2, encryption: int = 18) -> bytes:
    """One entry as MIT's library writes it."""
    name, _, realm = principal.rpartition("@")
    parts = name.split("/")
    words = b"".join(struct.pack(">H", len(text)) + text.encode() for text in (realm, *parts))
    body = struct.pack(">H", len(parts)) + words + struct.pack(">IIB", 1, 0, version & 0xFF)
    body += struct.pack(">HH", encryption, 32) + b"k" * 32 + struct.pack(">I", version)
    return struct.pack(">i", len(body)) + body


HOLE = struct.pack(">i", -9) + b"\0" * 9
MAIL = Key("smtp/mail.contoso.com@CONTOSO.COM", 2, "aes256-cts")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (entry(), [MAIL]),
        (entry() + HOLE + entry("anna@X"), [Key("anna@X", 2, "aes256-cts"), MAIL]),
        (entry() + entry(), [MAIL]),
        (entry(version=300), [Key(MAIL.principal, 300, "aes256-cts")]),
        (entry(encryption=99), [Key(MAIL.principal, 2, "encryption 99")]),
        (entry() + b"\0" * 40, [MAIL]),
    ],
)
def test_the_keys_of_a_file(content: bytes, expected: list[Key]) -> None:
    assert keys(MAGIC + content) == expected


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN", MAGIC, MAGIC + HOLE, MAGIC + entry()[:-1], b"\x05\x01" + entry()]
)
def test_what_is_no_keytab_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="keytab"):
        keys(content)


def test_several_files_become_one() -> None:
    both = merged([MAGIC + entry() + HOLE + b"\0" * 4, MAGIC + entry("anna@X")])
    assert [key.principal for key in keys(both)] == ["anna@X", MAIL.principal]


@given(st.binary(max_size=200))
def test_nothing_else_is_ever_raised(noise: bytes) -> None:
    for content in (noise, MAGIC + noise, MAGIC + entry() + noise):
        with suppress(ValueError):
            assert keys(content)
