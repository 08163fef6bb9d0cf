"""What a property, an argument or a variable can be, and how each is written.

Besides these classes: str, bool, None, int, float, datetime (UTC), list, and dict for `@{…}`. `str(value)` of each
class here is what Exchange prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from console.management_shell.language.errors import Stop
from transport.config.kinds import show_size, show_timespan

LONGEST_TEXT = 5_000_000
"""Characters of one text."""
LARGEST_FILE = 100_000_000
"""Characters of a file that a script writes."""


class Size(int):
    """Bytes; prints as `36 MB (37,748,736 bytes)`."""

    def __str__(self) -> str:
        return show_size(int(self))

    __repr__ = __str__


class Timespan(int):
    """Seconds; prints as `[days.]hh:mm:ss`."""

    def __str__(self) -> str:
        return ("-" if self < 0 else "") + show_timespan(abs(int(self)))

    __repr__ = __str__


class Unlimited:
    """No bound: above every number. There is one, `UNLIMITED`."""

    def __str__(self) -> str:
        return "Unlimited"

    __repr__ = __str__


UNLIMITED = Unlimited()


class Parted(str):
    """A text that has parts: an address range its bounds, a binding its port."""

    def __new__(cls, value: object, **parts: object) -> Parted:
        """`parts`: its properties."""
        made = super().__new__(cls, value)
        made.parts = parts
        return made

    parts: Mapping[str, object]


class Labelled(str):
    """An empty text in whose place lists and tables show another one."""

    label: str

    def __new__(cls, label: str) -> Labelled:
        made = super().__new__(cls, "")
        made.label = label
        return made


class Secret(str):
    """A password: it is printed by its kind, and read by `revealed` only."""

    def __str__(self) -> str:
        return "System.Security.SecureString"

    __repr__ = __str__


def revealed(value: object) -> str:
    """For parameters: a password, as a text or as a Secret."""
    return "".join(value) if isinstance(value, Secret) else read_text(value)


class Pattern(str):
    """A regular expression, `[regex]"…"`."""


class Growing(list[object]):
    """A list that a script changes in place: ArrayList."""


class GenericList(Growing):
    """`List[…]`, whose Add says nothing."""


@dataclass(frozen=True)
class Flags:
    """A set of names in order of declaration; prints as `Tls, Integrated`, the empty one as `None`."""

    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join(self.names) or "None"


@dataclass
class Record:
    """An object with properties in Exchange's order.

    `columns`: the properties of its default table (empty: it prints as a list); `name`: what it is called where a text
    is wanted (`SERVER\\Name` of a connector); `source`: the row or struct that it was made of, for the cmdlet that
    takes it from the pipe; `said`: the script has called it by its whole name.
    """

    type_name: str
    properties: dict[str, object]
    columns: tuple[str, ...] = ()
    source: object = None
    name: str = ""
    said: bool = False

    def get(self, name: str) -> object:
        """A property in any case; None when there is none of this name."""
        return self.properties.get(self.spelled(name) or "")

    def spelled(self, name: str) -> str | None:
        """A property's name as it is declared, or None."""
        return name if name in self.properties else spelling(name, self.properties)

    def __str__(self) -> str:
        return self.name or str(self.get("Identity") or self.get("Name") or self.type_name)


@dataclass(frozen=True)
class ScriptBlock:
    """`{ … }`: `run(item)` gives what it puts out with `$_` = item."""

    run: Callable[[object], list[object]] = field(compare=False)
    text: str = ""

    def __str__(self) -> str:
        return self.text


def joined(separator: str, parts: Iterable[str], most: int = LONGEST_TEXT) -> str:
    """`separator.join(parts)`, or Stop when that would have more than `most` characters."""
    found: list[str] = []
    length = 0
    for part in parts:
        found.append(part)
        length += len(part) + len(separator)
        if length > most:
            raise Stop(f"A text has at most {most:,} characters.")
    return separator.join(found)


def spelling(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that equals `name` in any case."""
    lowered = name.lower()
    return next((each for each in names if each.lower() == lowered), None)


def text(value: object) -> str:
    """A value as a script writes it in a text: `"$x"`. Lists are joined by spaces, as PowerShell does."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return joined(" ", map(text, value))
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, bytes):
        return joined(" ", map(str, value))
    if isinstance(value, Mapping):
        return "System.Collections.Hashtable"
    return str(value)


def shown(value: object) -> str:
    """A value as `Format-List` and tables print it: lists as `{a, b}`."""
    if isinstance(value, list | tuple):
        return "{" + joined(", ", map(shown, value)) + "}"
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, Mapping):
        return "{" + joined(", ", (f"[{key}, {shown(each)}]" for key, each in value.items())) + "}"
    return text(value)


def argument(value: object) -> str:
    """A value as the settings' own parsers read it: a list joined by commas, `$null` as nothing."""
    if isinstance(value, list | tuple):
        return joined(",", map(argument, value))
    return text(value)


def entries(value: object) -> list[object]:
    """A value that may be a list, as one; `$null` is the empty list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def collapsed(found: list[object]) -> object:
    """Nothing, one object or a list, as PowerShell gives what a pipeline or a script block put out."""
    return found[0] if len(found) == 1 else found or None


def truth(value: object) -> bool:
    """PowerShell's: 0, nothing, an empty text or list are false; a list of one is as true as that one."""
    if isinstance(value, list | tuple):
        return truth(value[0]) if len(value) == 1 else bool(value)
    if isinstance(value, int | float | Decimal | str | None):
        return bool(value)
    return True


def read_text(value: object) -> str:
    """For parameters: one line of text."""
    if isinstance(value, list | tuple):
        raise ValueError("Write one text here, not a list.")
    if isinstance(value, dict | ScriptBlock):
        raise ValueError("Write a text here, not { … }.")
    found = text(value)
    if "\n" in found or "\r" in found:
        raise ValueError("Write one line.")
    return found


def read_flag(value: object) -> bool:
    """For parameters: `$true` or `$false`; 1 and 0 count as them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    words = {"true": True, "$true": True, "false": False, "$false": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("Write $true or $false.")
    return words[value.lower()]


def read_count(value: object) -> int:
    """For parameters: a whole number from 0."""
    try:
        found = int(text(value).replace(",", ""))
    except ValueError:
        raise ValueError("Write a whole number.") from None
    if found < 0:
        raise ValueError("Write a number from 0.")
    return found


def one_of(*names: str) -> Callable[[object], str]:
    """For parameters: one of these names, in any case."""

    def read(value: object) -> str:
        found = spelling(read_text(value), names)
        if found is None:
            raise ValueError(f"Write one of {', '.join(names)}.")
        return found

    return read


def read_texts(value: object) -> list[str]:
    """For parameters: one text or several."""
    return [read_text(each) for each in entries(value)]


def read_any(value: object) -> object:
    """For parameters that take whatever comes."""
    return value
