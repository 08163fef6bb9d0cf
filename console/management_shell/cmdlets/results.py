"""What many cmdlets take and say: how many results, of which time, octets; that there is no such object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice
from typing import TypeVar

from console.management_shell.language.cmdlet import Call, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import UNLIMITED, argument, entries, read_count, text
from transport.config.kinds import parse_time

Result = TypeVar("Result")
SHOWN = 1000
COMPARED, LONGEST_COMPARED = 2000, 100
"""Names, and characters of one, that are compared with what somebody wrote wrongly."""
UNBOUNDED = 2**31


def read_size(value: object) -> int:
    """A number, or Unlimited."""
    return UNBOUNDED if value is UNLIMITED or text(value).lower() == "unlimited" else read_count(value)


def read_time(value: object) -> datetime:
    """A time in UTC, as ISO 8601 writes it or as Exchange's examples do."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return parse_time(text(value))


def limited(call: Call, found: Iterator[Result]) -> Iterator[Result]:
    """The first ones; that there are more is said, unless the reader asked for so many."""
    yield from islice(found, call.get(RESULT_SIZE.name, SHOWN))
    if RESULT_SIZE.name not in call.arguments and next(found, None) is not None:
        call.warning(f"There are more than {SHOWN:,}: -ResultSize Unlimited shows all.")


def not_found(wanted: object, hint: str = "", known: Iterable[str] = ()) -> ShellError:
    """The error for an identity that is nothing's; `known`: those that there are, of which one may be meant."""
    written = {name.lower(): name for name in islice(known, COMPARED)}
    near = get_close_matches(str(wanted)[:LONGEST_COMPARED].lower(), written, 1, 0.75)
    meant = f" Did you mean '{written[near[0]]}'?" if near else ""
    text = f"The operation couldn't be performed because object '{wanted}' couldn't be found.{hint}{meant}"
    return ShellError(text, "Identity")


def octets(data: object) -> bytes:
    """What a -FileData holds: octets, or the lines of a text."""
    return data if isinstance(data, bytes) else "\n".join(argument(each) for each in entries(data)).encode()


RESULT_SIZE = Parameter("ResultSize", read_size, help=f"At most so many, or Unlimited; without it {SHOWN:,}.")
START = Parameter("Start", read_time, help="From this time on, in UTC.")
END = Parameter("End", read_time, help="Before this time, in UTC.")
