"""Mail data as it arrives in chunks of any size: finds the end, removes the transparency dots (RFC 5321 §4.5.2).

Only CRLF.CRLF ends a message; every other mixture of CR, LF and dots is content and stays as it is.
"""

import re

_END = b"\r\n.\r\n"
_DOT = _END[:3]
"""Of the end, or of a line with a transparency dot: to look for it is most of the work, and done once. A dot alone is
found at once, and Base64 has none.
"""
_DOTTED = re.compile(re.escape(_DOT))


class MailDataReader:
    """Feed it what the socket gives, until `finished`."""

    __slots__ = ("_begun", "_carry", "finished")

    def __init__(self) -> None:
        self.finished = self._begun = False
        self._carry = b"\r\n"  # the line end of the DATA command: a dot may stand in the very first line

    def feed(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Take a chunk; returns the content it completes, and what comes behind the end of the data."""
        buffer = self._carry + chunk
        found = _DOTTED.search(buffer) if b"." in buffer else None
        dot = found.start() if found else -1
        end = buffer.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self.finished = True
            return self._content(buffer[: end + 2], dot < end), buffer[end + 5 :]
        # What might be the beginning of the end, or of a line with a transparency dot, waits for the next chunk.
        cut = buffer.find(b"\r", max(len(buffer) - 4, 0))
        if cut < 0:
            cut = len(buffer)
        self._carry = buffer[cut:]
        return self._content(buffer[:cut], dot >= 0), b""

    def _content(self, raw: bytes, has_dots: bool) -> bytes:
        content = raw.replace(_DOT, b"\r\n") if has_dots else raw
        if self._begun or not content:
            return content
        self._begun = True
        return content[2:]
