"""Reports about TLS that come by mail: those in the mailbox of the address that is named for them (TlsReportRecipient)
are taken in, and their messages deleted. What is none, or is more than a day may bring, stays there as mail.

Nobody is answered, whatever came. Whoever dies between the report and its message finds both again, and keeps one.
"""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path
from time import monotonic

from console.mailboxes import queries as mailboxes
from console.publishing import queries as publishing
from console.tls import actions, queries, report_file

SECONDS, MOST = 20.0, 1000
"""Of one turn."""
LOOKED_AT = ":2,"
"""Ends the name of a message that has been looked at (https://cr.yp.to/proto/maildir.html): it is none, or too much."""
log = logging.getLogger(__name__)


def take_in() -> int:
    """What came since the last time; returns how many reports."""
    box = _mailbox()
    if box is None:
        return 0
    until, taken = monotonic() + SECONDS, 0
    for path in islice(sorted((box / "new").iterdir()), MOST):
        if monotonic() > until:
            break
        taken += _take(box, path)
    return taken


def _mailbox() -> Path | None:
    local, _, domain = publishing.saved().transport_config.tls_report_recipient.rpartition("@")
    found = mailboxes.mailbox(domain, local) if local else None
    return found.path if found is not None else None


def _take(box: Path, path: Path) -> bool:
    """Whether it was a report."""
    try:
        with path.open("rb") as file:
            report = report_file.read(file.read(report_file.MOST + 1))
        is_taken = queries.has_room_for_mailed() and actions.take_in(report)
    except (ValueError, OSError) as error:
        log.info("mail for reports about TLS: %s: %s", path.name, error)
        is_taken = False
    if is_taken:
        path.unlink(missing_ok=True)
    else:
        path.rename(box / "cur" / f"{path.name}{LOOKED_AT}")
    return is_taken
