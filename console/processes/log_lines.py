"""The form of the process logs: UTC time, one line for an event (a traceback follows it), no passwords of servers."""

import logging
import re
import time

PASSWORD_IN_ADDRESS = re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@")


class NotAboutHealth(logging.Filter):
    """/healthz answers 503 as long as something is missing, and whoever waits asks often: no errors of the console."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().endswith(": /healthz")


class RefusedInOneLine(logging.Filter):
    """A role that may not, or a wrong host name, was refused as planned: that needs no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        refused = record.name == "django.request" and getattr(record, "status_code", 500) < 500
        if refused or record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True


class OneLine(logging.Formatter):
    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:
        return " ".join(super().formatMessage(record).split())

    def format(self, record: logging.LogRecord) -> str:
        return PASSWORD_IN_ADDRESS.sub(r"\1:***@", super().format(record))
