"""Methods of values: `.ToMB()`, `.Split(",")`, `.AddDays(-1)`. Only these, each with as many arguments as it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from console.management_shell.language import formats, patterns
from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.comparing import as_number, equal
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.members import properties
from console.management_shell.language.types import Character, convert, name_of
from console.management_shell.language.values import (
    LONGEST_TEXT,
    UNLIMITED,
    GenericList,
    Growing,
    Pattern,
    Record,
    ScriptBlock,
    Timespan,
    entries,
    spelling,
    text,
    truth,
)

Work = Callable[..., object]


@dataclass(frozen=True)
class Method:
    """`work` gets the value and from `least` to `most` arguments."""

    work: Work
    least: int = 0
    most: int | None = None

    def __call__(self, name: str, value: object, arguments: list[Any]) -> object:
        most = self.least if self.most is None else self.most
        if not self.least <= len(arguments) <= most:
            takes = f"{self.least}" if most == self.least else f"{self.least} to {most}"
            raise ShellError(f"{name} takes {takes} arguments here, not {len(arguments)}.")
        return self.work(value, *arguments)


def _shift(seconds: float) -> Work:
    def shift(value: datetime, by: object) -> datetime:
        try:
            return value + timedelta(seconds=seconds * as_number(by))
        except OverflowError:
            raise ShellError("This time is out of range.") from None

    return shift


def _months(factor: int) -> Work:
    def shift(value: datetime, by: object) -> datetime:
        number = value.year * 12 + value.month - 1 + int(as_number(by)) * factor
        for day in range(value.day, value.day - 4, -1):
            try:
                return value.replace(year=number // 12, month=number % 12 + 1, day=day)
            except ValueError:
                continue
        raise ShellError("This time is out of range.")

    return shift


def _replace(value: str, old: object, new: object) -> str:
    old, new = text(old), text(new)
    if not old:
        raise ShellError("Replace takes the old text and the new one.")
    if value.count(old) * len(new) > LONGEST_TEXT:
        raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
    return value.replace(old, new)


def _at(value: str, number: object) -> int:
    found = int(as_number(number))
    if not 0 <= found <= len(value):
        raise ShellError(f"{found} is no place of this text, which has {len(value):,} characters.")
    return found


def _substring(value: str, begin: object, length: object = None) -> str:
    first = _at(value, begin)
    return value[first:] if length is None else value[first : _at(value, first + as_number(length))]


def _removed(value: str, begin: object, length: object = None) -> str:
    first = _at(value, begin)
    return value[:first] + ("" if length is None else value[_at(value, first + as_number(length)) :])


def _split(value: str, separators: object = None, *more: object) -> list[str]:
    """At each of the characters, as .NET does for one text too; a list of texts splits at each of them."""
    if more and not isinstance(more[-1], str | int):
        raise ShellError("Split takes the separators and, if wanted, how many parts.")
    options = [each for each in more if isinstance(each, str)]
    if any(each not in ("RemoveEmptyEntries", "None") for each in options):
        raise ShellError(f"Split has no option '{options[0][:80]}'.", allowed=("None", "RemoveEmptyEntries"))
    marks = [text(each) for each in separators] if isinstance(separators, list) else list(text(separators))
    most = next((int(each) for each in more if isinstance(each, int)), 0)
    pattern = "|".join(re.escape(each) for each in marks if each) or r"\s"
    found = re.split(pattern, value, maxsplit=max(most - 1, 0))
    return [part for part in found if part] if "RemoveEmptyEntries" in options else found


def _padded(left: bool) -> Work:
    def pad(value: str, width: object, sign: object = " ") -> str:
        size = int(as_number(width))
        if size > LONGEST_TEXT:
            raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
        if len(text(sign)) != 1:
            raise ShellError("What fills a text up is one character.")
        return value.rjust(size, text(sign)) if left else value.ljust(size, text(sign))

    return pad


def _trimmed(strip: Callable[[str, str | None], str]) -> Method:
    return Method(
        lambda value, *signs: strip(value, "".join(text(each) for sign in signs for each in entries(sign)) or None),
        0,
        9,
    )


def _is_affix(test: Callable[[str, str], bool]) -> Method:
    def work(value: str, affix: object, comparison: object = "Ordinal") -> bool:
        kind = text(comparison)
        if "ignorecase" in kind.lower():
            return test(value.lower(), text(affix).lower())
        if kind not in ("Ordinal", "CurrentCulture", "InvariantCulture"):
            raise ShellError(f"'{kind[:80]}' is no way to compare texts.")
        return test(value, text(affix))

    return Method(work, 1, 2)


def _to_size(factor: int) -> Method:
    return Method(lambda value: int(value) // factor)


def _to_string(value: Any, form: object = "") -> str:
    if (
        form == ""
        or isinstance(value, datetime | Timespan)
        or (isinstance(value, int | float) and not isinstance(value, bool))
    ):
        return formats.formatted(value, text(form))
    raise ShellError(f"ToString of a {name_of(value)} takes no format.")


# ---- lists and tables that a script changes


def _add(value: list[object], item: object) -> int:
    value.append(item)
    bounded(value)
    return len(value) - 1


def _add_silently(value: list[object], item: object) -> None:
    _add(value, item)


def _extend(value: list[object], items: object) -> None:
    value.extend(entries(items))
    bounded(value)


def _drop(value: list[object], item: object) -> None:
    for place, each in enumerate(value):
        if equal(each, item, True):
            del value[place]
            return


def _drop_at(value: list[object], at: object) -> None:
    place = int(as_number(at))
    if not 0 <= place < len(value):
        raise ShellError(f"Index {place} was outside the bounds of the list.")
    del value[place]


def _insert(value: list[object], at: object, item: object) -> None:
    value.insert(int(as_number(at)), item)
    bounded(value)


def _put(value: dict[str, object], key: object, item: object) -> None:
    if spelling(text(key), value):
        raise ShellError(f"Item has already been added. Key in dictionary: '{text(key)[:80]}'.")
    value[text(key)] = item


def _take_out(value: dict[str, object], key: object) -> None:
    value.pop(spelling(text(key), value) or "", None)


def _has_key(value: dict[str, object], key: object) -> bool:
    return spelling(text(key), value) is not None


def _pairs(value: dict[str, object]) -> list[object]:
    return [
        Record("DictionaryEntry", {"Name": key, "Value": each, "Key": key}, ("Name", "Value"))
        for key, each in value.items()
    ]


def _where(value: list[object], condition: object) -> list[object]:
    return [each for each in value if truth(_block(condition).run(each))]


def _for_each(value: list[object], work: object) -> list[object]:
    return bounded([found for each in value for found in _block(work).run(each)])


def _block(value: object) -> ScriptBlock:
    if not isinstance(value, ScriptBlock):
        raise ShellError("Write a script block: { … }.")
    return value


# ---- regular expressions


def matched(found: re.Match[str] | None) -> Record:
    """What `[regex]::Match` gives."""
    if found is None:
        return Record("Match", {"Success": False, "Value": "", "Index": 0, "Length": 0, "Groups": []})
    groups: list[object] = [
        Record("Group", {"Success": each is not None, "Value": each or ""}, name=each or "")
        for each in (found[0], *found.groups())
    ]
    row = {"Success": True, "Value": found[0], "Index": found.start(), "Length": len(found[0]), "Groups": groups}
    return Record("Match", row, name=found[0])


def search(pattern: object, subject: object, case: bool = True) -> re.Match[str] | None:
    return patterns.regex(text(pattern), text(subject), case).search(text(subject))


def search_all(pattern: object, subject: object, case: bool = True) -> list[object]:
    found: list[object] = []
    for each in patterns.regex(text(pattern), text(subject), case).finditer(text(subject)):
        found.append(matched(each))
        bounded(found)
    return found


Methods = dict[str, Method]
SIZES: Methods = {f"To{unit}B": _to_size(1024**power) for power, unit in enumerate(("K", "M", "G", "T"), 1)} | {
    "ToBytes": _to_size(1)
}
METHODS: dict[type, Methods] = {
    Pattern: {
        "IsMatch": Method(lambda value, subject: search(value, subject) is not None, 1),
        "Match": Method(lambda value, subject: matched(search(value, subject)), 1),
        "Matches": Method(lambda value, subject: search_all(value, subject), 1),
    },
    str: {
        "ToUpper": Method(lambda value: value.upper()),
        "ToLower": Method(lambda value: value.lower()),
        "ToUpperInvariant": Method(lambda value: value.upper()),
        "ToLowerInvariant": Method(lambda value: value.lower()),
        "Trim": _trimmed(str.strip),
        "TrimStart": _trimmed(str.lstrip),
        "TrimEnd": _trimmed(str.rstrip),
        "StartsWith": _is_affix(str.startswith),
        "EndsWith": _is_affix(str.endswith),
        "Contains": Method(lambda value, part: text(part) in value, 1),
        "Equals": Method(lambda value, other: value == text(other), 1),
        "CompareTo": Method(lambda value, other: (value > text(other)) - (value < text(other)), 1),
        "IndexOf": Method(lambda value, part, begin=0: value.find(text(part), _at(value, begin)), 1, 2),
        "LastIndexOf": Method(lambda value, part: value.rfind(text(part)), 1),
        "Insert": Method(lambda value, at, part: value[: _at(value, at)] + text(part) + value[_at(value, at) :], 2),
        "PadLeft": Method(_padded(True), 1, 2),
        "PadRight": Method(_padded(False), 1, 2),
        "Remove": Method(_removed, 1, 2),
        "Replace": Method(_replace, 2),
        "Split": Method(_split, 0, 3),
        "Substring": Method(_substring, 1, 2),
        "ToCharArray": Method(lambda value: [Character(each) for each in value]),
    },
    int: SIZES,
    datetime: {
        "AddDays": Method(_shift(86400), 1),
        "AddHours": Method(_shift(3600), 1),
        "AddMinutes": Method(_shift(60), 1),
        "AddSeconds": Method(_shift(1), 1),
        "AddMilliseconds": Method(_shift(0.001), 1),
        "AddMonths": Method(_months(1), 1),
        "AddYears": Method(_months(12), 1),
        "Subtract": Method(
            lambda value, other: (
                convert("timespan", value - other)
                if isinstance(other, datetime)
                else value - timedelta(seconds=int(as_number(other)))
            ),
            1,
        ),
        "ToUniversalTime": Method(lambda value: value.astimezone(UTC)),
        "ToLocalTime": Method(lambda value: value.astimezone(UTC)),
        "ToShortDateString": Method(lambda value: formats.time(value, "d")),
        "ToLongDateString": Method(lambda value: formats.time(value, "D")),
        "ToShortTimeString": Method(lambda value: formats.time(value, "t")),
        "ToLongTimeString": Method(lambda value: formats.time(value, "T")),
    },
    GenericList: {"Add": Method(_add_silently, 1)},
    Growing: {
        "Add": Method(_add, 1),
        "AddRange": Method(_extend, 1),
        "Remove": Method(_drop, 1),
        "RemoveAt": Method(_drop_at, 1),
        "Insert": Method(_insert, 2),
        "Clear": Method(lambda value: value.clear()),
        "ToArray": Method(lambda value: list(value)),
    },
    list: {
        "Contains": Method(lambda value, item: any(equal(each, item, True) for each in value), 1),
        "IndexOf": Method(
            lambda value, item: next((place for place, each in enumerate(value) if equal(each, item, True)), -1), 1
        ),
        "Where": Method(_where, 1),
        "ForEach": Method(_for_each, 1),
        "Clone": Method(lambda value: list(value)),
    },
    dict: {
        "Add": Method(_put, 2),
        "Remove": Method(_take_out, 1),
        "ContainsKey": Method(_has_key, 1),
        "Contains": Method(_has_key, 1),
        "ContainsValue": Method(lambda value, item: any(equal(each, item, True) for each in value.values()), 1),
        "Clear": Method(lambda value: value.clear()),
        "Clone": Method(lambda value: dict(value)),
        "GetEnumerator": Method(_pairs),
    },
    ScriptBlock: {"Invoke": Method(lambda value: value.run(None))},
    object: {"ToString": Method(_to_string, 0, 1)},
}


def _should_process(value: Record, target: object, action: object = "") -> bool:
    call: Any = value.source
    return bool(call.should_process(target, text(action) or call.cmdlet.name))


OF_RECORDS: dict[str, Methods] = {
    "PSCmdlet": {"ShouldProcess": Method(_should_process, 1, 2)},
    "Encoding": {
        "GetBytes": Method(lambda value, subject: text(subject).encode(value.get("Name"), "replace"), 1),
        "GetString": Method(lambda value, octets: convert("byte[]", octets).decode(value.get("Name"), "replace"), 1),
    },
}


def call(value: object, name: str, arguments: list[object]) -> object:
    """`value.name(arguments)`. Raises ShellError for all that is not in the table."""
    if value is None:
        raise ShellError("You cannot call a method on a null-valued expression.")
    tables = [METHODS.get(kind, {}) for kind in type(value).__mro__]
    if isinstance(value, Record):
        tables.insert(0, OF_RECORDS.get(value.type_name, {}))
    for table in tables:
        if known := spelling(name, table):
            return bounded(table[known](known, value, arguments))
    if isinstance(value, list):
        return [call(each, name, arguments) for each in value]
    known_names = sorted({method for table in tables for method in table})
    kind = "Unlimited" if value is UNLIMITED else name_of(value)
    hint = " It is a property: write it without ( )." if spelling(name, properties(value)) else ""
    raise ShellError(f"A {kind} has no method named '{name}'.{hint}", allowed=tuple(known_names))
