"""The form of the process logs: UTC time, one line for an event (a traceback follows it), no passwords of servers."""

import logging
import re
import time
from types import TracebackType

from transport.config import bounds

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
PASSWORD_IN_ADDRESS = re.compile(r"://([^\s:/@]*):[^\s@/]+@")
MOST_LINES = bounds.LOG_EVENT.lines or 0
LONGEST_LINE = (bounds.LOG_EVENT.octets or 0) // MOST_LINES // 4
"""Characters: none has more than four octets."""


class OneLine(logging.Formatter):
    """What comes from outside is cut before anything looks at it twice, and cannot look like another event."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:
        return _line(super().formatMessage(record))

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        lines = super().formatException(ei).split("\n")
        return "\n".join(_line(line, keep_indent=True) for line in lines[1 - MOST_LINES :])


def to_standard_error() -> None:
    """Every event of this process from INFO on."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _line(text: str, keep_indent: bool = False) -> str:
    """`text` as one line of characters that a terminal shows, without passwords, and cut."""
    text = PASSWORD_IN_ADDRESS.sub(r"://\1:***@", text)
    kept = text[:LONGEST_LINE]
    indent = kept[: len(kept) - len(kept.lstrip(" "))] if keep_indent else ""
    shown = indent + _printable(" ".join(kept.split()))
    if len(text) <= LONGEST_LINE and len(shown) <= LONGEST_LINE:
        return shown
    return f"{shown[: LONGEST_LINE - 40]}… (a line of {len(text)} characters)"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
