"""The form of the process logs: UTC time, one line for an event, no passwords of servers."""

import logging
import re
import time

PASSWORD_IN_ADDRESS = re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@")


class OneLine(logging.Formatter):
    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        return PASSWORD_IN_ADDRESS.sub(r"\1:***@", super().format(record))
