"""Octets of files and texts: byte order marks and the names of encodings."""

from __future__ import annotations

from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, text

MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
NAMES = {
    "utf8": "utf-8", "utf-8": "utf-8", "utf8bom": "utf-8", "utf8nobom": "utf-8", "65001": "utf-8",
    "ascii": "ascii", "us-ascii": "ascii", "unicode": "utf-16-le", "utf-16": "utf-16-le", "utf-16le": "utf-16-le",
    "string": "utf-16-le", "bigendianunicode": "utf-16-be", "utf-16be": "utf-16-be", "utf32": "utf-32-le",
    "default": "cp1252", "ansi": "cp1252", "1252": "cp1252", "windows-1252": "cp1252", "oem": "cp437",
    "iso-8859-1": "latin-1", "latin1": "latin-1",
}  # fmt: skip
"""What PowerShell and .NET call an encoding → what Python calls it."""
_MARKED = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


def encoding_named(name: object) -> str:
    """Raises ShellError for an encoding that is not known."""
    found = NAMES.get(text(name).strip().lower())
    if found is None:
        raise ShellError(f"'{text(name)[:80]}' is no encoding of this shell.", allowed=tuple(NAMES))
    return found


def read_encoding(value: object) -> str:
    """For parameters: the name of an encoding, or what `[Text.Encoding]` gave."""
    if isinstance(value, Record) and value.type_name == "Encoding":
        return text(value.get("Name"))
    try:
        return encoding_named(value)
    except ShellError as error:
        raise ValueError(f"{error}") from None


def decoded(content: bytes, encoding: str | None = None) -> str:
    """The text of a file: by its byte order mark, by the encoding given, as UTF-8, and else as Windows-1252, as
    Windows PowerShell reads it. A file full of NULs without a mark is UTF-16.
    """
    for mark, name in MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], name)
    if encoding:
        return _decoded(content, encoding)
    if (unmarked := _unmarked(content)) is not None:
        return _decoded(content, unmarked)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _unmarked(content: bytes) -> str | None:
    """UTF-16 without a mark: every second octet of its beginning is mostly NUL."""
    begin = content[:2000]
    if len(begin) < 2 or b"\0" not in begin:
        return None
    even, odd = begin[0::2].count(0), begin[1::2].count(0)
    return "utf-16-le" if odd > len(begin) // 4 > even else "utf-16-be" if even > len(begin) // 4 > odd else None


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ShellError(f"The file is not written in {encoding}: give another -Encoding.") from None


def encoded(written: str, encoding: str | None, mark: bool = False, goes_on: bool = False) -> bytes:
    """A text as the octets of a file. UTF-16 begins with its mark, UTF-8 where `mark` says so; what goes on in a file
    has none.
    """
    name = encoding or "utf-8"
    begin = _MARKED.get(name, b"\xef\xbb\xbf" if mark and name == "utf-8" else b"")
    try:
        return (b"" if goes_on else begin) + written.encode(name)
    except UnicodeEncodeError as error:
        sign = written[error.start]
        raise ShellError(f"The character {sign!r} cannot be written in {name}: give another -Encoding.") from None
