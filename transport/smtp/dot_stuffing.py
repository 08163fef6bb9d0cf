"""Mail data as it arrives in chunks of any size: finds the end, removes the transparency dots (RFC 5321 §4.5.2).

Only CRLF.CRLF ends a message; every other mixture of CR, LF and dots is content and stays as it is.
"""

_END = b"\r\n.\r\n"
_LINE_END = b"\r\n"
"""Of the DATA command: a dot may stand in the very first line."""


class MailDataReader:
    """Feed it what the socket gives, until `finished`."""

    __slots__ = ("_begun", "_carry", "finished")

    def __init__(self) -> None:
        self.finished = self._begun = False
        self._carry = _LINE_END

    def feed(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Take a chunk; returns the content it completes, and what comes behind the end of the data."""
        if self._carry is _LINE_END and not chunk.startswith(b".") and (end := chunk.find(_END)) >= 0:
            self.finished = self._begun = True  # a whole message, as most are
            return chunk[: end + 2].replace(b"\r\n.", b"\r\n"), chunk[end + 5 :]
        buffer = self._carry + chunk
        end = buffer.find(_END)
        if end >= 0:
            self.finished = True
            return self._content(buffer[: end + 2]), buffer[end + 5 :]
        # What might be the beginning of the end, or of a line with a transparency dot, waits for the next chunk.
        cut = buffer.find(b"\r", max(len(buffer) - 4, 0))
        if cut < 0:
            cut = len(buffer)
        self._carry = buffer[cut:]
        return self._content(buffer[:cut]), b""

    def _content(self, raw: bytes) -> bytes:
        content = raw.replace(b"\r\n.", b"\r\n")
        if self._begun or not content:
            return content
        self._begun = True
        return content[2:]
