"""How many results a Get- cmdlet shows, and of which time."""

from __future__ import annotations

from datetime import UTC, datetime

from console.management_shell.language.cmdlet import Call, Parameter
from console.management_shell.language.values import UNLIMITED, read_count, text
from transport.config.kinds import parse_time

SHOWN = 1000
UNBOUNDED = 2**31


def read_size(value: object) -> int:
    """A number, or Unlimited."""
    return UNBOUNDED if value is UNLIMITED or text(value).lower() == "unlimited" else read_count(value)


def read_time(value: object) -> datetime:
    """A time in UTC, as ISO 8601 writes it or as Exchange's examples do."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return parse_time(text(value))


def say_that_there_are_more(call: Call) -> None:
    """Unless the reader asked for so many."""
    if RESULT_SIZE.name not in call.arguments:
        call.warning(f"There are more than {SHOWN:,}: -ResultSize Unlimited shows all.")


RESULT_SIZE = Parameter("ResultSize", read_size, help=f"At most so many, or Unlimited; without it {SHOWN:,}.")
START = Parameter("Start", read_time, help="From this time on, in UTC.")
END = Parameter("End", read_time, help="Before this time, in UTC.")
