"""The child process that reads messages: `python -m console.mailboxes.reader` does one job and ends.

The job comes as JSON on standard input; the answer goes to standard output, which is a file. It starts in a few
hundredths of a second, because it imports neither Django nor Celery. What a message makes it take is limited here, by
the kernel; `reading_room`, which starts it, limits the time.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from pathlib import Path
from typing import IO

import msgspec

from console.mailboxes import reading, safe_html
from transport.config import bounds

GONE, TOO_MUCH, REFUSED_BY_DISK = 2, 3, 4


class ReadLetter(msgspec.Struct, tag=True):
    """Answer: a `reading.Letter` as JSON."""

    path: str


class ReadPage(msgspec.Struct, tag=True):
    """Answer: the HTML of the message, made harmless."""

    path: str


class ReadAttachment(msgspec.Struct, tag=True):
    """Answer: its name as JSON, a line end, its octets; nothing when there is no such part."""

    path: str
    number: int


class SearchMessages(msgspec.Struct, tag=True):
    """Answer: for each path in turn a line, 1 or 0. `content`: look into the text, not only at what a list shows."""

    paths: list[str]
    words: list[str]
    content: bool


Job = ReadLetter | ReadPage | ReadAttachment | SearchMessages


def limit() -> None:
    """From here on this process gets no more than a stranger's message may take. No way back."""
    memory, seconds = bounds.MESSAGE_READER.octets or 0, int(bounds.MESSAGE_READER.seconds or 0)
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def do(job: Job, answer: IO[bytes]) -> None:
    match job:
        case ReadLetter(path):
            answer.write(msgspec.json.encode(reading.letter(Path(path))))
        case ReadPage(path):
            answer.write(_page(Path(path)).encode())
        case ReadAttachment(path, number):
            if found := reading.attachment(Path(path), number):
                answer.write(msgspec.json.encode(found[0]) + b"\n" + found[1])
        case SearchMessages(paths, words, content):
            for each in paths:
                answer.write(b"1\n" if _found(Path(each), words, content) else b"0\n")
                answer.flush()


def _page(path: Path) -> str:
    message, _truncated = reading.opened(path)
    letter = reading.letter_of(message)
    parts = {part.number: part for part in message.walk()}
    return safe_html.page(letter.html, letter.attachments, lambda number: parts[number].payload)


def _found(path: Path, words: list[str], content: bool) -> bool:
    try:
        return reading.matches(path, words) if content else reading.lists(path, words)
    except OSError:
        return False


def main() -> int:
    limit()
    try:
        do(msgspec.json.decode(sys.stdin.buffer.read(), type=Job), sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except FileNotFoundError:
        return GONE
    except MemoryError:
        return TOO_MUCH
    except OSError as error:
        return TOO_MUCH if error.errno == errno.EFBIG else REFUSED_BY_DISK
    return 0


if __name__ == "__main__":
    os._exit(main())  # what could not be written would be tried once more at the end, and change the code
