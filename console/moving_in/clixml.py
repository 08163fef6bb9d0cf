"""Export-Clixml: XML with objects that refer to types and objects named before (MS-PSRP §2.2.5).

A DOCTYPE, and with it every entity, is refused before anything of it is read. `SerializationData`, the .NET object in
base64 that Exchange adds, is skipped as it comes in, and so is every other byte array and secure string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from console.moving_in.objects import ReadError, Value

DEEPEST = 60
MOST_ELEMENTS = 2_000_000
MOST_VALUES = 1_000_000
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DURATION = re.compile(r"(-?)P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?")
_SECRET = {"BA", "SS", "SBK", "XD"}
_NUMBERS = {"I16", "I32", "I64", "U16", "U32", "U64", "By", "SB"}
_LISTS = {"LST", "QUE", "STK", "IE"}


@dataclass
class Thing:
    """An `<Obj>`: types, the text that its ToString() gave, its properties, its members if it is a list."""

    types: list[str] = field(default_factory=list)
    text: str | None = None
    properties: dict[str, object] = field(default_factory=dict)
    members: list[object] | None = None


@dataclass
class _Open:
    """An element whose end has not come yet."""

    tag: str
    name: str
    text: list[str] = field(default_factory=list)
    thing: Thing | None = None


class _Reader:
    def __init__(self) -> None:
        self.things: list[object] = []
        self._open: list[_Open] = []
        self._elements = 0
        self._by_reference: dict[str, Thing] = {}
        self._types: dict[str, list[str]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) >= DEEPEST or self._elements > MOST_ELEMENTS:
            raise ReadError("This file is nested too deep, or has too many elements, to be an export.")
        tag = tag.rpartition(":")[2]
        if not self._open and tag != "Objs":
            raise ReadError("This XML is not what Export-Clixml writes: it begins with another element than Objs.")
        now = _Open(tag, _unescaped(attributes.get("N", "")))
        if tag == "Obj":
            now.thing = Thing()
            self._by_reference[attributes.get("RefId", "")] = now.thing
        elif tag == "TN":
            self._types[attributes.get("RefId", "")] = self._owner().types = []
        elif tag == "TNRef":
            self._owner().types = self._types.get(attributes.get("RefId", ""), [])
        elif tag in _LISTS or tag == "DCT":
            self._owner().members = []
        elif tag == "Ref":
            now.thing = self._by_reference.get(attributes.get("RefId", ""))
        self._open.append(now)

    def characters(self, text: str) -> None:
        now = self._open[-1]
        if now.tag not in _SECRET:
            now.text.append(text)

    def end(self, _: str) -> None:
        now = self._open.pop()
        text = _unescaped("".join(now.text))
        if now.tag == "T":
            self._owner().types.append(text)
        elif now.tag == "ToString":
            self._owner().text = text
        elif now.tag not in {"Objs", "TN", "TNRef", "Props", "MS", "En", *_LISTS, "DCT"}:
            self._keep(now, now.thing if now.tag in ("Obj", "Ref") else _simple(now.tag, text))

    def _owner(self) -> Thing:
        """The object that the open elements are inside of."""
        for each in reversed(self._open):
            if each.tag == "Obj" and each.thing is not None:
                return each.thing
        return Thing()

    def _keep(self, now: _Open, value: object) -> None:
        place = self._open[-1].tag if self._open else ""
        if place == "Objs":
            self.things.append(value)
        elif place in ("Props", "MS") and now.name:
            self._owner().properties.setdefault(now.name, value)
        elif place in _LISTS or (place == "Obj" and not now.name):
            owner = self._owner()
            if owner.members is not None:
                owner.members.append(value)
            elif owner.text is None:
                owner.text = _shown(value)


def things(content: bytes) -> list[Thing]:
    """The objects of the file, lists of objects opened. Raises ReadError."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeError, LookupError) as error:
        raise ReadError(f"This is no well-formed XML: {error}.") from None
    return [thing for each in reader.things for thing in _opened(each)]


def _refuse(*_: object) -> int:
    raise ReadError("This file declares a document type or entities. Export-Clixml never does: it is not read.")


def _opened(value: object) -> list[Thing]:
    if not isinstance(value, Thing):
        return []
    if value.members is None:
        return [value]
    return [each for each in value.members if isinstance(each, Thing) and each.members is None]


class Plain:
    """Values without types: an object's text if it has one, else its properties.

    References can make a small file large, and an object can refer to itself: the sum is bounded.
    """

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def __call__(self, value: object, depth: int = 0) -> Value:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise ReadError("The objects of this file refer to each other without end.")
        if not isinstance(value, Thing):
            return value if isinstance(value, str | int | float | bool) else None
        if value.members is not None:
            return [self(each, depth + 1) for each in value.members]
        if value.text is not None:
            return value.text
        return {name: self(each, depth + 1) for name, each in value.properties.items()}


def _simple(tag: str, text: str) -> Value:
    if tag in _SECRET or tag == "Nil":
        return None
    if tag == "B":
        return text.strip().lower() == "true"
    if tag in _NUMBERS:
        return int(text) if re.fullmatch(r"\s*-?\d{1,20}\s*", text) else text
    return _timespan(text) if tag == "TS" else text


def _timespan(text: str) -> str:
    match = _DURATION.fullmatch(text.strip())
    if match is None or match[1]:
        return text
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    minutes, seconds = minutes + seconds // 60, seconds % 60
    hours, minutes = hours + minutes // 60, minutes % 60
    return f"{days + hours // 24}.{hours % 24:02}:{minutes:02}:{seconds:02}"


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
