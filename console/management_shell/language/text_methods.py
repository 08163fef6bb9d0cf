"""Methods of texts and regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from console.management_shell.language import patterns
from console.management_shell.language.arithmetic import MOST_ITEMS, bounded
from console.management_shell.language.comparing import as_number
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.method import Method, Methods, Work
from console.management_shell.language.types import Character
from console.management_shell.language.values import LONGEST_TEXT, Record, entries, text


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
    if len(value) > MOST_ITEMS and len(re.findall(pattern, value)) > MOST_ITEMS:
        raise Stop(f"A list has at most {MOST_ITEMS:,} entries.")
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


def matched(found: Any) -> Record:
    """What `[regex]::Match` gives."""
    if found is None:
        return Record("Match", {"Success": False, "Value": "", "Index": 0, "Length": 0, "Groups": []})
    groups: list[object] = [
        Record("Group", {"Success": each is not None, "Value": each or ""}, name=each or "")
        for each in (found[0], *found.groups())
    ]
    row = {"Success": True, "Value": found[0], "Index": found.start(), "Length": len(found[0]), "Groups": groups}
    return Record("Match", row, name=found[0])


def search(pattern: object, subject: object, case: bool = True) -> Any:
    return patterns.search(text(pattern), text(subject), case)


def search_all(pattern: object, subject: object, case: bool = True) -> list[object]:
    found: list[object] = []
    for each in patterns.matches(text(pattern), text(subject), case):
        found.append(matched(each))
        bounded(found)
    return found


PATTERN_METHODS: Methods = {
    "IsMatch": Method(lambda value, subject: search(value, subject) is not None, 1),
    "Match": Method(lambda value, subject: matched(search(value, subject)), 1),
    "Matches": Method(lambda value, subject: search_all(value, subject), 1),
}
TEXT_METHODS: Methods = {
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
    "ToCharArray": Method(lambda value: [Character(each) for each in value[: MOST_ITEMS + 1]]),
}
