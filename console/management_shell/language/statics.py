"""`[type]::name` and `[type]::name(…)`: the members of types that scripts use. There is no .NET behind them."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from console.management_shell.language import formats, operators, types
from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.cmdlet import Host
from console.management_shell.language.comparing import as_number, as_time, as_timespan
from console.management_shell.language.errors import ShellError
from console.management_shell.language.method import Method, Methods, pure
from console.management_shell.language.static_files import FILES, NEW_LINE, encoding
from console.management_shell.language.text_format import format_text
from console.management_shell.language.text_methods import matched, search, search_all
from console.management_shell.language.values import (
    GenericList,
    Growing,
    Record,
    Timespan,
    entries,
    joined,
    spelling,
    text,
)


def static(host: Host, type_name: str, name: str, arguments: list[Any] | None) -> Any:
    """A member of a type; `arguments` is None where no brackets stand. Raises ShellError for what is not known."""
    kind = types.canonical(type_name)
    functions, values = FUNCTIONS.get(kind, {}), VALUES.get(kind, {})
    known = spelling(name, values if arguments is None else functions)
    if known is None:
        raise _unknown(type_name, kind, name, arguments)
    try:
        return bounded(values[known](host) if arguments is None else functions[known](known, host, arguments))
    except (ValueError, ArithmeticError, TypeError, LookupError) as error:
        raise ShellError(f"[{type_name}]::{name} cannot do this: {error}.") from None


def _unknown(type_name: str, kind: str, name: str, arguments: list[Any] | None) -> ShellError:
    every = [f"{each}()" for each in FUNCTIONS.get(kind, {})] + list(VALUES.get(kind, {}))
    if not every:
        return ShellError(f"[{type_name}] is no type of this shell.", allowed=tuple(sorted(FUNCTIONS)))
    called = name if arguments is None else f"{name}()"
    return ShellError(f"[{type_name}] has no {called} in this shell.", allowed=tuple(sorted(every)))


def _join(separator: object, *parts: object) -> str:
    listed = entries(parts[0]) if len(parts) == 1 else list(parts)
    return joined(text(separator), map(text, listed))


def _rounded(value: object, digits: object = 0, mode: object = "ToEven") -> int | float:
    if text(mode) not in ("ToEven", "AwayFromZero"):
        raise ShellError(f"'{text(mode)[:80]}' is no way to round.", allowed=("ToEven", "AwayFromZero"))
    number, places = as_number(value), int(as_number(digits))
    if text(mode) == "AwayFromZero":
        return float(formats.number(number, f"F{places}"))
    found = round(float(number), places)
    return int(found) if found == int(found) and abs(found) < 2**53 else found


def _whole(work: Callable[[float], float]) -> Callable[[object], int]:
    return lambda value: int(work(as_number(value)))


def _power(base: object, exponent: object) -> int | float:
    found = math.pow(as_number(base), as_number(exponent))
    return int(found) if found == int(found) and abs(found) < 2**53 else found


def _to_integer(value: object, base: object = 10) -> int:
    return int(text(value), int(as_number(base))) if base != 10 else int(types.convert("long", value))


def _in_base(value: object, base: object = 10) -> str:
    forms = {2: "b", 8: "o", 10: "d", 16: "x"}
    return text(value) if base == 10 else format(int(as_number(value)), forms[int(as_number(base))])


def _from_base64(written: object) -> bytes:
    return base64.b64decode(re.sub(r"\s", "", text(written)), validate=True)


def _to_base64(octets: object, options: object = "None") -> str:
    if text(options) not in ("None", "InsertLineBreaks"):
        raise ShellError(
            f"'{text(options)[:80]}' is no option of ToBase64String.", allowed=("None", "InsertLineBreaks")
        )
    found = base64.b64encode(types.convert("byte[]", octets)).decode()
    if text(options) == "None":
        return found
    return NEW_LINE.join(found[at : at + 76] for at in range(0, len(found), 76))


def _say(host: Host, line: object = "") -> None:
    host.output(text(line))


def _span(factor: float) -> Method:
    return pure(lambda value: Timespan(as_number(value) * factor), 1)


def _same(left: object, right: object) -> bool:
    return text(left) == text(right)


def _is_empty(value: object) -> bool:
    return text(value) == ""


def _regex_split(subject: object, pattern: object) -> object:
    return operators.binary("csplit", text(subject), [pattern])


FUNCTIONS: dict[str, Methods] = {
    **FILES,
    "string": {
        "IsNullOrEmpty": pure(_is_empty, 1),
        "IsNullOrWhiteSpace": pure(lambda value: not text(value).strip(), 1),
        "Join": pure(_join, 2, 50),
        "Format": pure(
            lambda form, *values: format_text(
                form, values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
            ),
            1,
            50,
        ),
        "Concat": pure(lambda *parts: _join("", *parts), 1, 50),
        "Equals": pure(_same, 2),
        "Compare": pure(lambda left, right, ignore=False: _compare(left, right, ignore), 2, 3),
    },
    "math": {
        "Round": pure(_rounded, 1, 3),
        "Floor": pure(_whole(math.floor), 1),
        "Ceiling": pure(_whole(math.ceil), 1),
        "Truncate": pure(_whole(math.trunc), 1),
        "Abs": pure(lambda value: abs(as_number(value)), 1),
        "Max": pure(lambda left, right: max(left, right, key=as_number), 2),
        "Min": pure(lambda left, right: min(left, right, key=as_number), 2),
        "Pow": pure(_power, 2),
        "Sqrt": pure(lambda value: math.sqrt(as_number(value)), 1),
    },
    "datetime": {
        "Parse": pure(as_time, 1),
        "ParseExact": pure(lambda written, form, culture=None: formats.read_time(text(written), text(form)), 2, 3),
        "new": pure(lambda *parts: _moment([int(as_number(each)) for each in parts]), 3, 6),
        "DaysInMonth": pure(lambda year, month: _days(int(as_number(year)), int(as_number(month))), 2),
        "IsLeapYear": pure(lambda year: _days(int(as_number(year)), 2) == 29, 1),
        "FromFileTimeUtc": pure(
            lambda ticks: datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=as_number(ticks) / 10), 1
        ),
    },
    "timespan": {
        "FromDays": _span(86400),
        "FromHours": _span(3600),
        "FromMinutes": _span(60),
        "FromSeconds": _span(1),
        "Parse": pure(lambda written: as_timespan(text(written)), 1),
        "new": pure(lambda *parts: _new_span([int(as_number(each)) for each in parts]), 3, 4),
    },
    "guid": {
        "NewGuid": pure(lambda: str(uuid4()), 0),
        "Parse": pure(lambda written: types.convert("guid", written), 1),
    },
    "int": {"Parse": pure(lambda written: types.convert("int", text(written)), 1)},
    "long": {"Parse": pure(lambda written: types.convert("long", text(written)), 1)},
    "double": {"Parse": pure(lambda written: types.convert("double", text(written)), 1)},
    "bool": {"Parse": pure(lambda written: _flag(text(written)), 1)},
    "char": {
        "IsDigit": pure(lambda sign: text(sign).isdigit(), 1),
        "IsLetter": pure(lambda sign: text(sign).isalpha(), 1),
        "ToUpper": pure(lambda sign: types.Character(text(sign).upper()), 1),
    },
    "convert": {
        "ToBase64String": pure(_to_base64, 1, 2),
        "FromBase64String": pure(_from_base64, 1),
        "ToInt32": pure(_to_integer, 1, 2),
        "ToInt64": pure(_to_integer, 1, 2),
        "ToString": pure(_in_base, 1, 2),
        "ToBoolean": pure(lambda value: types.convert("bool", _flag(value) if isinstance(value, str) else value), 1),
        "ToDateTime": pure(as_time, 1),
        "ToDouble": pure(lambda value: types.convert("double", value), 1),
    },
    "regex": {
        "Escape": pure(lambda value: re.escape(text(value)), 1),
        "IsMatch": pure(
            lambda subject, pattern, options="None": search(pattern, subject, _case(options)) is not None, 2, 3
        ),
        "Match": pure(lambda subject, pattern, options="None": matched(search(pattern, subject, _case(options))), 2, 3),
        "Matches": pure(lambda subject, pattern, options="None": search_all(pattern, subject, _case(options)), 2, 3),
        "Replace": pure(lambda subject, pattern, new: operators.binary("creplace", text(subject), [pattern, new]), 3),
        "Split": pure(_regex_split, 2),
        "new": pure(lambda pattern: types.convert("regex", pattern), 1),
    },
    "console": {"WriteLine": Method(_say, 0, 1)},
    "environment": {"GetEnvironmentVariable": pure(lambda name: _no_environment(name), 1)},
    "ipaddress": {"Parse": pure(lambda written: types.convert("ipaddress", written), 1)},
    "arraylist": {
        "new": pure(lambda *held: Growing(entries(held[0]) if held and not isinstance(held[0], int) else []), 0, 1)
    },
    "list": {
        "new": pure(lambda *held: GenericList(entries(held[0]) if held and not isinstance(held[0], int) else []), 0, 1)
    },
    "exception": {"new": pure(lambda message="": types.convert("exception", message), 0, 1)},
    "hashtable": {"new": pure(dict, 0)},
    "pscustomobject": {"new": pure(lambda: Record("PSCustomObject", {}), 0)},
}
Values = dict[str, Callable[[Host], object]]


def _words(*names: str) -> Values:
    """An enumeration: each member is its name."""
    return {name: lambda host, name=name: name for name in names}  # type: ignore[misc]  # a lambda with a default


VALUES: dict[str, Values] = {
    "string": {"Empty": lambda host: ""},
    "math": {"PI": lambda host: math.pi, "E": lambda host: math.e},
    "datetime": {
        "Now": lambda host: host.now(),
        "UtcNow": lambda host: host.now(),
        "Today": lambda host: host.now().replace(hour=0, minute=0, second=0, microsecond=0),
        "MinValue": lambda host: datetime.min.replace(tzinfo=UTC),
        "MaxValue": lambda host: datetime.max.replace(tzinfo=UTC),
    },
    "timespan": {"Zero": lambda host: Timespan(0)},
    "guid": {"Empty": lambda host: "00000000-0000-0000-0000-000000000000"},
    "int": {"MaxValue": lambda host: 2**31 - 1, "MinValue": lambda host: -(2**31)},
    "long": {"MaxValue": lambda host: 2**63 - 1},
    "encoding": {
        name: lambda host, name=name: encoding(name)  # type: ignore[misc]  # a lambda with a default
        for name in ("UTF8", "ASCII", "Unicode", "BigEndianUnicode", "Default", "UTF32")
    },
    "environment": {
        "NewLine": lambda host: NEW_LINE,
        "MachineName": lambda host: host.computer,
        "UserName": lambda host: str(getattr(host.actor, "name", "")),
    },
    "stringcomparison": _words("Ordinal", "OrdinalIgnoreCase", "CurrentCulture", "CurrentCultureIgnoreCase",
                               "InvariantCulture", "InvariantCultureIgnoreCase"),
    "stringsplitoptions": _words("None", "RemoveEmptyEntries"),
    "midpointrounding": _words("ToEven", "AwayFromZero"),
    "base64formattingoptions": _words("None", "InsertLineBreaks"),
    "text.regularexpressions.regexoptions": _words("None", "IgnoreCase"),
    "cultureinfo": {"InvariantCulture": lambda host: None},
}  # fmt: skip


def _compare(left: object, right: object, ignore: object) -> int:
    low, high = (text(each).lower() if ignore is True else text(each) for each in (left, right))
    return (low > high) - (low < high)


def _case(options: object) -> bool:
    if text(options) not in ("None", "IgnoreCase"):
        raise ShellError(
            f"'{text(options)[:80]}' is no option for regular expressions.", allowed=("None", "IgnoreCase")
        )
    return text(options) == "None"


def _flag(written: object) -> bool:
    found = {"true": True, "false": False}.get(text(written).lower())
    if found is None:
        raise ShellError(f"'{text(written)[:80]}' is neither True nor False.")
    return found


def _days(year: int, month: int) -> int:
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (after - timedelta(days=1)).day


def _new_span(parts: list[int]) -> Timespan:
    days, hours, minutes, seconds = parts if len(parts) == 4 else [0, *parts]
    return Timespan(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _moment(parts: list[int]) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # three to six: counted by `pure`


def _no_environment(name: object) -> object:
    raise ShellError(f"'{text(name)[:80]}': this shell knows no variables of the system.")
