"""What is left out of the console's log."""

import logging


class NotAboutHealth(logging.Filter):
    """/healthz answers 503 as long as something is missing, and whoever waits asks often: no errors of the console."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().endswith(": /healthz")


class RefusedInOneLine(logging.Filter):
    """A role that may not, or a wrong host name, was refused as planned, and a server that is away (503) is named by
    its page: that needs no traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        refused = record.name == "django.request" and getattr(record, "status_code", 500) != 500
        if refused or record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True
