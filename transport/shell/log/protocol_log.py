"""The protocol log of what clients say, in Exchange's format (Exchange reference §7.1): `RECVyyyymmdd-nnnn.LOG`, one
folder per transport.
"""

from pathlib import Path

from transport.log_files import Limits, LogFiles, LogWriter
from transport.trace.line import Entry, Speller
from transport.trace.series import RECEIVE

ProtocolLog = LogWriter[Entry]


def protocol_log(directory: Path, limits: Limits | None = None) -> ProtocolLog:
    """The files of one transport. Raises OSError when the directory cannot be made."""
    return LogWriter(LogFiles(directory, RECEIVE, limits or Limits()), Speller().lines, "protocol log")
