"""A pasted or uploaded list of recipients: lines of `address[,display name]`, as spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.directory.addresses import parse_address

NAMED = 100
NAME_CHARACTERS = 256  # Exchange's limit of DisplayName
HEADINGS = {"address", "mail", "email", "e-mail", "emailaddress", "email address", "primarysmtpaddress", "smtp address"}


@dataclass
class Noted:
    """Lines worth a word: how many, and the first hundred of them as [line number, text]."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append((line, "".join(sign if sign.isprintable() else "�" for sign in text)))


@dataclass
class Checked:
    """What a list holds: the good entries, address → display name, and what is wrong with the others."""

    names: dict[str, str] = field(default_factory=dict)
    bad: Noted = field(default_factory=Noted)
    repeated: Noted = field(default_factory=Noted)


def decode(content: bytes) -> str:
    """The text of a file. Spreadsheets write UTF-8 with or without mark, UTF-16 with mark, or Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def check(text: str, checked: Checked) -> Iterator[int]:
    """Fills `checked`; yields the number of each line that it has looked at, for a progress bar."""
    at: dict[str, int] = {}
    for number, line in _lines(text):
        yield number
        try:
            address, name = _entry(line)
        except ValueError as error:
            if number > 1 or not _is_heading(line):
                checked.bad.add(number, str(error))
            continue
        if address in at:
            checked.repeated.add(number, f"{address} stands in line {at[address]} already.")
        checked.names[address] = checked.names.get(address) or name
        at.setdefault(address, number)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip(" \t,;"))


def _separator(line: str) -> str:
    """The first that stands in the line: an address holds none, a display name may. A pasted list may mix them."""
    return next((sign for sign in line if sign in ",;\t"), ",")


def _is_heading(line: str) -> bool:
    return line.partition(_separator(line))[0].strip().strip('"').lower() in HEADINGS


def _entry(line: str) -> tuple[str, str]:
    cells = [cell.strip() for cell in _cells(line, _separator(line))]
    if any(cells[2:]):
        raise ValueError("There are more than two columns. Write address,display name.")
    return parse_address(cells[0]), check_name(cells[1] if len(cells) > 1 else "")


def _cells(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True))
    except csv.Error:
        raise ValueError("The quotation marks do not match.") from None


def check_name(name: str) -> str:
    """A display name as it is kept. Raises ValueError."""
    name = " ".join(name.split())
    if len(name) > NAME_CHARACTERS:
        raise ValueError(f"The display name has {len(name)} characters; {NAME_CHARACTERS} are allowed.")
    if not name.isprintable():
        raise ValueError("The display name holds control characters.")
    return name
