"""The kinds of values: how an administrator writes each, how Exchange prints it, what bounds mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from ipaddress import IPv4Address
from typing import Any

from transport.config import delivery_host, timetable
from transport.config.address_space import ACCEPTED_DOMAINS, EVERYTHING, AddressSpace
from transport.config.endpoint import parse_binding, parse_range
from transport.config.host_name import host_name
from transport.config.permissions import Grant, right_named

_UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4}
_SIZE = re.compile(r"(\d{1,20}(?:\.\d{1,9})?)\s*([kmgt]?b?)(?:\s*\(([\d,]+) bytes\))?", re.IGNORECASE)
_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?")
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?")
_LOCAL_PART = re.compile(r"[^\s@,;<>\"*\x00-\x1f]{1,64}")
_TIMES = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d",
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
)  # fmt: skip
"""ISO 8601, what a browser's date field sends, and Exchange's `09/01/2018 5:00 PM`: the month comes first."""
_HALF_OF_DAY = re.compile(r"(?<!\s)\s*([ap]m)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Setting:
    """One property of an object that an administrator edits.

    `name` is Exchange's; `section` the tab it stands on, or its heading where there are no tabs; `group` the heading on
    its tab, which may also stand behind the section, as in `Security / TLS`; `minimum` and `maximum` are inclusive, in
    the unit of the value (bytes, seconds, count; characters of a text, entries of a list); `nothing`: what an
    empty set is called; `source`: where name, default and bounds are from.
    """

    name: str
    section: str
    kind: Kind
    label: str
    help: str
    source: str
    minimum: int | None = None
    maximum: int | None = None
    unlimited: bool = False
    choices: type[Enum] | None = None
    read_only: bool = False
    not_enforced: str = ""
    group: str = ""
    nothing: str = "None"

    def __post_init__(self) -> None:
        section, slash, group = self.section.partition(" / ")
        if slash:
            object.__setattr__(self, "section", section)
            object.__setattr__(self, "group", group)


def parse(setting: Setting, text: str) -> Any:
    """The value that a text means for a setting. Raises ValueError that says what to write instead."""
    text = text.strip()
    if setting.unlimited and text.lower() == "unlimited":
        return None
    return setting.kind.value.read(setting, text)


def show(setting: Setting, value: Any) -> str:
    """A value as Exchange prints it: `36 MB (37,748,736 bytes)`, `00:10:00`, `Unlimited`, `{a, b}`."""
    if value is None:
        return "Unlimited" if setting.unlimited else ""
    if value == frozenset():
        return setting.nothing
    return setting.kind.value.show(value)


def check(setting: Setting, value: Any) -> None:
    """Raises ValueError when a value is outside the setting's bounds; the text names them."""
    measure = len(value) if isinstance(value, str | tuple) else value
    if value is None or not isinstance(measure, int) or isinstance(measure, bool):
        return
    low, high = setting.minimum, setting.maximum
    if (low is None or measure >= low) and (high is None or measure <= high):
        return
    if isinstance(value, str):
        raise ValueError(f"Write at most {high} characters." if value else "Enter a value.")
    if isinstance(value, tuple):
        raise ValueError(f"At most {high:,} entries fit in this list; these are {len(value):,}.")
    if setting.kind is Kind.SIZE and high is not None and (high + 1) % 1024 == 0:
        raise ValueError(f"Enter a value from {_bound(setting, low)} to less than {_bound(setting, high + 1)}.")
    raise ValueError(f"Enter a value from {_bound(setting, low)} to {_bound(setting, high)}.")


def _bound(setting: Setting, value: int | None) -> str:
    return "any" if value is None else show(setting, value) if setting.kind != Kind.COUNT else f"{value:,}"


def _text(setting: Setting, text: str) -> str:
    if any(ord(character) < 32 and character not in "\r\n\t" for character in text):
        raise ValueError("Control characters are not allowed here.")
    check(setting, text)
    return text


def _host_name(setting: Setting, text: str) -> str:
    check(setting, text)
    return host_name(text) if text else ""


def domain_name(text: str) -> str:
    """The name of an accepted domain, as `host_name` gives it, or `*` for every domain. Raises ValueError."""
    return text if text == "*" else host_name(text)


def _domain_name(setting: Setting, text: str) -> str:
    check(setting, text)
    return domain_name(text)


def web_address(text: str) -> str:
    """The address of a page, with a slash at its end. Raises ValueError."""
    if not _WEB_ADDRESS.fullmatch(text):
        raise ValueError("Write the address of a page, such as https://mail.contoso.com/refused/.")
    return text.rstrip("/") + "/"


def _web_address(setting: Setting, text: str) -> str:
    check(setting, text)
    return web_address(text) if text else ""


def _flag(setting: Setting, text: str) -> bool:
    words = {"$true": True, "true": True, "1": True, "on": True, "$false": False, "false": False, "0": False, "": False}
    if text.lower() not in words:
        raise ValueError("Write $true or $false.")
    return words[text.lower()]


def _count(setting: Setting, text: str) -> int:
    try:
        value = int(text.replace(",", ""))
    except ValueError:
        wanted = "Enter a whole number or Unlimited." if setting.unlimited else "Enter a whole number."
        raise ValueError(wanted) from None
    check(setting, value)
    return value


def _size(setting: Setting, text: str) -> int:
    match = _SIZE.fullmatch(text)
    unit = (match[2].lower() if match else "") or ""
    unit = unit if unit in _UNITS else unit + "b"
    if match is None:
        raise ValueError("Enter a size such as 10MB, 512KB or a number of bytes.")
    value = int(match[3].replace(",", "")) if match[3] else int(float(match[1]) * _UNITS[unit])
    check(setting, value)
    return value


def _timespan(setting: Setting, text: str) -> int:
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        raise ValueError("Enter a time span as [days.]hours:minutes:seconds, for example 00:10:00.")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError("Hours go to 23, minutes and seconds to 59: write days in front, as in 1.00:00:00.")
    value = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    check(setting, value)
    return value


def _choice(setting: Setting, text: str) -> Enum:
    """An empty text means None where that can be chosen: Exchange exports null for it."""
    assert setting.choices is not None
    for member in setting.choices:
        if str(member.value).lower() == (text.lower() or "none"):
            return member
    names = ", ".join(str(member.value) for member in setting.choices)
    raise ValueError(f"Choose one of {names}.")


def _flag_set(setting: Setting, text: str) -> frozenset[Enum]:
    names = [name for name in re.split(r"[,\s]+", text) if name]
    if [name.lower() for name in names] in (["none"], [setting.nothing.lower()]):
        return frozenset()
    if "none" in [name.lower() for name in names]:
        raise ValueError("None stands alone. Leave it out, or leave out the others.")
    return frozenset(_choice(setting, name) for name in names)


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,;\n]+", text) if part.strip()))


def _address_space(text: str) -> AddressSpace:
    domain, _, cost_text = text.removeprefix("SMTP:").removeprefix("smtp:").partition(";")
    domain = domain.strip() or EVERYTHING
    domain = domain if domain in (EVERYTHING, ACCEPTED_DOMAINS) else host_name(domain)
    if not (cost_text.strip() or "1").isdigit() or not 1 <= int(cost_text.strip() or 1) <= 100:
        raise ValueError(f"“{text}”: the cost must be a number from 1 to 100, as in *;10.")
    return AddressSpace(domain, int(cost_text.strip() or 1))


def _address_spaces(setting: Setting, text: str) -> tuple[AddressSpace, ...]:
    parts = [part.strip() for part in re.split(r"[,\n]+", text) if part.strip()]
    return tuple(dict.fromkeys(_address_space(part) for part in parts))


def _smart_host(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        raise ValueError(f"The port has its own field: write {host} here, and {port} there.")
    bare = text.strip("[]")
    try:
        return f"[{parse_range(bare)}]" if "-" not in bare and "/" not in bare else host_name(bare)
    except ValueError:
        return host_name(bare)


def _grants(setting: Setting, text: str) -> tuple[Grant, ...]:
    found = []
    for line in (line for line in text.splitlines() if line.strip()):
        principal, _, right = line.partition("|")
        deny = right.strip().startswith("-")
        found.append(Grant(principal.strip(), right_named(right.strip().lstrip("-")).value, deny))
    return tuple(sorted(set(found)))


def _entries(read: Callable[[str], Any]) -> Callable[[Setting, str], tuple[Any, ...]]:
    def read_all(setting: Setting, text: str) -> tuple[Any, ...]:
        found = tuple(dict.fromkeys(read(part) for part in _lines(text)))
        check(setting, found)
        return found

    return read_all


def mailbox(text: str) -> str:
    """`local@domain` in lower case. Raises ValueError when it is none, or has a wildcard."""
    local, at, domain = text.strip("<>").rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local):
        raise ValueError(f"“{text}” is no address. Write each like anna@contoso.com; wildcards are not possible.")
    return f"{local.lower()}@{host_name(domain)}"


def _domain(text: str) -> str:
    if "*" in text or "@" in text:
        raise ValueError(f"“{text}” is no domain. Write each like contoso.com; wildcards are not possible.")
    return host_name(text)


def _sender(text: str) -> str:
    """An address, or a domain for all of its addresses."""
    return mailbox(text) if text.strip("@").count("@") else _domain(text.removeprefix("@"))


def _name(text: str) -> str:
    if not text.isprintable() or len(text) > 320:
        raise ValueError("Write each name on one line, with at most 320 printable characters.")
    return text


def _response(setting: Setting, text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("Use printable ASCII characters on one line: SMTP carries no others.")
    check(setting, text)
    return text


def _return_code(text: str) -> str:
    try:
        address = IPv4Address(text)
    except ValueError:
        raise ValueError(f"“{text}” is no answer of a list. Write it like 127.0.0.2.") from None
    if not address.is_loopback:
        raise ValueError(f"“{text}”: lists answer in 127.0.0.0/8 (RFC 5782), for example 127.0.0.2.")
    return str(address)


def _time(setting: Setting, text: str) -> int | None:
    return int(parse_time(text).timestamp()) if text else None


def parse_time(text: str) -> datetime:
    """A time in UTC, as one of `_TIMES`. Raises ValueError that says what to write instead."""
    written = _HALF_OF_DAY.sub(r" \1", text.strip().removesuffix("Z").removesuffix(" UTC"))
    for form in _TIMES:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError("Write date and time like 2027-01-31 17:00, in UTC.")


def show_time(value: int) -> str:
    """Unix seconds as `2027-01-31 17:00:00 UTC`."""
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"


def show_size(value: int) -> str:
    """`36 MB (37,748,736 bytes)`, the largest unit that leaves at least one."""
    for unit, factor in (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if value >= factor:
            return f"{value / factor:.4g} {unit} ({value:,} bytes)"
    return f"{value} B ({value:,} bytes)"


def show_timespan(value: int) -> str:
    """Seconds as `[d.]hh:mm:ss`."""
    days, rest = divmod(value, 86400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}.{text}" if days else text


def show_flag_set(value: frozenset[Enum]) -> str:
    """Names in order of declaration, joined by commas; `None` for the empty set."""
    if not value:
        return "None"
    return ", ".join(str(member.value) for member in type(next(iter(value))) if member in value)


def _show_list(values: tuple[object, ...]) -> str:
    return "{" + ", ".join(str(value) for value in values) + "}"


def _show_grants(grants: tuple[Grant, ...]) -> str:
    return _show_list(tuple(f"{each.principal}: {'not ' if each.deny else ''}{each.right}" for each in grants))


@dataclass(frozen=True, eq=False, slots=True)
class Values:
    """How a value is read of what was typed (raises ValueError) and printed; a list is a tuple of entries."""

    read: Callable[[Setting, str], Any]
    show: Callable[[Any], str] = str
    is_list: bool = False


def _list(read: Callable[[str], Any]) -> Values:
    return Values(_entries(read), _show_list, is_list=True)


class Kind(Enum):
    """THE kinds of values. To add one: a line here, and one in `KINDS` of `console/publishing/fields.py`."""

    TEXT = Values(_text)
    HOST_NAME = Values(_host_name)
    DOMAIN_NAME = Values(_domain_name)
    WEB_ADDRESS = Values(_web_address)
    FLAG = Values(_flag)
    COUNT = Values(_count)
    SIZE = Values(_size, show_size)
    TIMESPAN = Values(_timespan, show_timespan)
    CHOICE = Values(_choice, lambda value: str(value.value))
    FLAG_SET = Values(_flag_set, show_flag_set)
    BINDINGS = _list(parse_binding)
    RANGES = _list(parse_range)
    GRANTS = Values(_grants, _show_grants)
    ADDRESS_SPACES = Values(_address_spaces, _show_list, is_list=True)
    SMART_HOSTS = _list(_smart_host)
    HOSTS = _list(delivery_host.parse)
    ADDRESSES = _list(mailbox)
    DOMAINS = _list(_domain)
    RANGE = Values(lambda setting, text: str(parse_range(text)))
    TIME = Values(_time, show_time)
    RESPONSE = Values(_response)
    RETURN_CODE = Values(lambda setting, text: _return_code(text) if text else "")
    RETURN_CODES = _list(_return_code)
    NAME_SERVERS = _list(lambda text: parse_binding(text, 53))
    NAMES = _list(_name)
    SENDERS = _list(_sender)
    TIMETABLE = _list(lambda text: str(timetable.parse(text)))
