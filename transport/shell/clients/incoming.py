"""One message on its way in: kept in memory up to 1 MiB, in a file of its own beyond."""

import errno
from collections.abc import Callable

from transport.config import bounds
from transport.receive.data import MailData
from transport.receive.outcome import ReadChunk, ReadMessage
from transport.shell.journal.body_file import BodyFile
from transport.shell.journal.journal import Journal
from transport.smtp.dot_stuffing import MailDataReader
from transport.smtp.envelope import Envelope
from transport.smtp.header import header
from transport.smtp.header_firewall import without
from transport.trace.session_record import Mail

IN_MEMORY = bounds.MESSAGE_IN_MEMORY.octets or 0
LONGEST_HEADER = bounds.HEADER.octets or 0
ALL_IN_MEMORY = bounds.ALL_IN_MEMORY.octets or 0
SHARE = bounds.SHARE_OF_MEMORY.octets or 0
MOST_UNWRITTEN = bounds.UNWRITTEN_BODY.octets or 0
ALL_UNWRITTEN = bounds.ALL_UNWRITTEN.octets or 0
_EMPTY_LINES = b"\r\n\r\n", b"\n\n"


class IncomingMessage:
    """What is known of the message so far; `size` in octets. Beyond `limit` it no longer `fits` and is dropped."""

    __slots__ = (
        "_bare_line_feeds",
        "_before_body",
        "_body",
        "_content",
        "_head",
        "_head_complete",
        "_journal",
        "_last",
        "_progress",
        "_reader",
        "_wanted",
        "error",
        "fits",
        "size",
    )

    def __init__(self, journal: Journal, wanted: ReadMessage, progress: Callable[[], None]) -> None:
        self._journal, self._progress = journal, progress
        self._wanted = wanted
        self._reader = MailDataReader()
        self._last, self._bare_line_feeds = b"", False
        self._before_body = 0
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
        crowded = self._hold(len(piece)) > ALL_IN_MEMORY and len(self._content) > SHARE
        if self.size > IN_MEMORY or (crowded and self._header_has_ended()):
            self._take_head()
            self._move_to_file()
            crowded = self._journal.held > ALL_IN_MEMORY and len(self._head) > SHARE
        if crowded:
            self._give_up()

    def _hold(self, octets: int) -> int:
        """Count what has come into memory; returns what all messages hold."""
        journal = self._journal
        held = journal.held = journal.held + octets
        if held > journal.most_held:
            journal.most_held = held
        return held

    def _header_has_ended(self) -> bool:
        return self.size > self._wanted.header_limit or any(line in self._content for line in _EMPTY_LINES)

    def _give_up(self) -> None:
        """A header stays in memory, and there is no more room for long ones: the client is asked to try again."""
        self.error = OSError(errno.ENOMEM, "there is no room for long headers")
        self._head_complete = True
        self.discard()

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
        self._let_go_of_content()

    def _let_go_of_content(self) -> None:
        self._journal.held -= len(self._content)
        self._content = bytearray()

    def _release(self) -> None:
        self._let_go_of_content()
        self._journal.held -= len(self._head)
        self._head = b""

    def _take_head(self) -> None:
        """The header leaves the content: what is judged is what is stored."""
        content = self._content
        found = header(content, min(self._wanted.header_limit, LONGEST_HEADER))
        self._head, self._head_complete = without(found.text, self._wanted.firewall), found.complete
        self._before_body = found.octets
        self._journal.held += len(self._head) - found.octets
        del content[: found.octets]

    def outline(self) -> Mail:
        """What its session's record keeps of it, but for what the header says."""
        is_cut = not self._head_complete and (self.fits or self._before_body > 0)
        header = self._wanted.header_limit if is_cut else self._before_body
        bare = self._bare_line_feeds if self._wanted.find_bare_line_feeds else None
        return Mail(self.size, header, self._head_complete, bare)

    @property
    def body_size(self) -> int:
        """Octets that are stored behind the header."""
        return self.size - self._before_body

    def mail_data(self) -> MailData:
        """The facts that the core decides on."""
        if self.fits and self._body is None and self.error is None:
            self._take_head()
        return MailData(self.size, self._head, self._head_complete, not self.fits, self._bare_line_feeds)

    def store(self, envelope: Envelope, head: bytes, answer: Callable[[OSError | None], None]) -> None:
        """Make it durable, `head` in front of its body, then call `answer` with None or the error."""
        if self.error is not None:
            answer(self.error)
        elif self._body is None:
            self._journal.append(envelope, (head, self._content), answer)
            self._release()
        else:
            self._release()
            self._store_with(self._body, envelope, head, answer)

    def _store_with(
        self, body: BodyFile, envelope: Envelope, head: bytes, answer: Callable[[OSError | None], None]
    ) -> None:
        def stored(error: OSError | None) -> None:
            if error is not None:
                body.remove()
            answer(error)

        append = self._journal.append
        body.finish(lambda error: answer(error) if error else append(envelope, (head,), stored))

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
