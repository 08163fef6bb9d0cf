"""One message on its way in: kept in memory up to 1 MiB, in a file of its own beyond."""

import re
from collections.abc import Callable

from transport.receive.data import MailData
from transport.receive.outcome import ReadChunk, ReadMailData
from transport.shell.body_file import BodyFile
from transport.shell.journal import Envelope, Journal
from transport.shell.mail_data import MailDataReader
from transport.smtp.header_firewall import without

IN_MEMORY = 1 << 20
ALL_IN_MEMORY = 64 << 20
"""Bytes of all messages under way, beyond which each one goes to a file as soon as its header must have ended."""
MOST_UNWRITTEN = 2 << 20
ALL_UNWRITTEN = 32 << 20
"""Bytes of a large body, and of all of them, that may wait for the disk; beyond that the client has to wait."""
_blank_line = re.compile(rb"\r?\n\r?\n")


class IncomingMessage:
    """What is known of the message so far; `size` in octets. Beyond `limit` it no longer `fits` and is dropped."""

    __slots__ = (
        "_bare_line_feeds", "_body", "_content", "_head", "_head_complete", "_journal", "_last", "_progress", "_reader",
        "_removed", "_wanted", "error", "fits", "size",
    )

    def __init__(self, journal: Journal, wanted: ReadMailData | ReadChunk, progress: Callable[[], None]) -> None:
        self._journal, self._progress = journal, progress
        self._wanted = wanted
        self._reader = MailDataReader()
        self._last, self._bare_line_feeds = b"", False
        self._removed = 0
        self._content = bytearray()
        self.size = 0
        self._head, self._head_complete = b"", False
        self._body: BodyFile | None = None
        self.error: OSError | None = None
        self.fits = True

    @property
    def finished(self) -> bool:
        """True once CRLF.CRLF was seen."""
        return self._reader.finished

    @property
    def must_wait(self) -> bool:
        """True while the disk is slower than the client."""
        mine = self._body.unwritten if self._body is not None else 0
        return mine > MOST_UNWRITTEN or (mine > 0 and BodyFile.all_unwritten > ALL_UNWRITTEN)

    def feed(self, chunk: bytes) -> bytes:
        """Take what the client sent; returns what came behind the end of the message."""
        piece, rest = self._reader.feed(chunk)
        self.take(piece)
        return rest

    def take(self, piece: bytes) -> None:
        """Take octets of the message itself."""
        self.size += len(piece)
        wanted = self._wanted
        if wanted.limit is not None and self.size > wanted.limit and self.fits:
            self.fits = False
            self.discard()
        if wanted.find_bare_line_feeds and not self._bare_line_feeds:
            self._look_for_bare_line_feeds(piece)
        if not self.fits or self.error is not None:
            return
        if self._body is not None:
            self._body.write(piece)
            return
        self._content += piece
        self._journal.held += len(piece)
        if self.size > IN_MEMORY or (self._journal.held > ALL_IN_MEMORY and self.size > wanted.header_limit):
            self._read_head()
            self._move_to_file()

    def _look_for_bare_line_feeds(self, piece: bytes) -> None:
        seen = self._last + piece
        self._bare_line_feeds = seen.count(b"\n") != seen.count(b"\r\n")
        self._last = b"\r" if piece.endswith(b"\r") else b""

    def _move_to_file(self) -> None:
        try:
            self._body = self._journal.new_body(self._progress)
        except OSError as error:
            self.error = error
        else:
            self._body.write(bytes(self._content))
        self._release()

    def _release(self) -> None:
        self._journal.held -= len(self._content)
        self._content = bytearray()

    def _read_head(self) -> None:
        content, limit = self._content, min(self._wanted.header_limit, IN_MEMORY)
        end = content.find(b"\r\n\r\n", 0, limit)
        if end < 0 and (blank := _blank_line.search(content, 0, limit)):
            end = blank.start()
        if content.startswith(b"\r\n"):
            end = -2
        self._head_complete = end != -1 or len(content) <= limit
        self._head = bytes(content[: end + 2] if end != -1 else content[:limit])
        allowed = without(self._head, self._wanted.firewall)
        if len(allowed) != len(self._head):
            self._removed = len(self._head) - len(allowed)
            self._journal.held -= self._removed
            content[: len(self._head)] = allowed

    @property
    def kept(self) -> int:
        """Octets that are stored: all but the header fields which the firewall took out."""
        return self.size - self._removed

    def mail_data(self) -> MailData:
        """The facts that the core decides on."""
        if self.fits and self._body is None:
            self._read_head()
        return MailData(self.size, self._head, self._head_complete, not self.fits, self._bare_line_feeds)

    def store(self, envelope: Envelope, trace: bytes, answer: Callable[[OSError | None], None]) -> None:
        """Make it durable, then call `answer` with None or the error."""
        if self.error is not None:
            answer(self.error)
        elif self._body is None:
            self._journal.append(envelope, (trace, self._content), answer)
            self._release()
        else:
            self._store_with(self._body, envelope, trace, answer)

    def _store_with(
        self, body: BodyFile, envelope: Envelope, trace: bytes, answer: Callable[[OSError | None], None]
    ) -> None:
        def stored(error: OSError | None) -> None:
            if error is not None:
                body.remove()
            answer(error)

        append = self._journal.append
        body.finish(lambda error: answer(error) if error else append(envelope, (trace,), stored))

    @property
    def body_file(self) -> str:
        """The file's name when the body lies in one, else ''."""
        return self._body.name if self._body is not None else ""

    def discard(self) -> None:
        """Give it up: the client went away, or the message is refused."""
        self._release()
        if self._body is not None:
            self._body.discard()
            self._body = None


class Chunk:
    """The octets of one BDAT on their way into a message; those of a refused command are forgotten (RFC 3030 §2)."""

    __slots__ = ("_message", "left", "wanted")

    def __init__(self, wanted: ReadChunk, message: IncomingMessage | None) -> None:
        self.wanted, self.left = wanted, wanted.size
        self._message = message if wanted.keep else None

    @property
    def ends_message(self) -> bool:
        """True for the last chunk of a message."""
        return self.wanted.keep and self.wanted.last

    def feed(self, data: bytes) -> bytes:
        """Take what the client sent; returns what came behind the chunk."""
        piece, rest = data[: self.left], data[self.left :]
        self.left -= len(piece)
        if self._message is not None:
            self._message.take(piece)
        return rest
