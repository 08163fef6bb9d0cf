"""Mail for debian_package.sh, which runs this in its machine: `send N`, `stream` until SIGTERM, `delivered N`."""

import os
import signal
import smtplib
import sys
import time
from pathlib import Path

MAILBOX = Path("/var/lib/gatepost/mailboxes/gatepost.test/postmaster")
PATIENCE = 60.0
PORTS = (25, 2626)
"""The one that systemd opens, and one of a connector that is made in the console."""


def send(port: int = 25) -> None:
    """One mail over a connection of its own. Raises OSError when it is not accepted."""
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail("you@example.com", "postmaster@gatepost.test", "Subject: Hello\n\nA mail.")


def stream() -> None:
    """Says how many were accepted, also in the file `streamed`; one that is not ends it."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    sent, slowest = 0, 0.0
    while not ended:
        began = time.monotonic()
        send(PORTS[sent % len(PORTS)])
        sent, slowest = sent + 1, max(slowest, time.monotonic() - began)
        Path("streamed").write_text(f"{sent}\n")
        time.sleep(0.05)
    print(f"{sent} mails accepted meanwhile, the slowest in {slowest:.1f} s")


def delivered(wanted: int) -> None:
    """Waits until the mailbox holds as many as that, no fewer and no more."""
    deadline = time.monotonic() + PATIENCE
    while (found := sum(len(files) for _, _, files in os.walk(MAILBOX))) != wanted:
        if time.monotonic() > deadline:
            sys.exit(f"{found} mails of {wanted} are in {MAILBOX}")
        time.sleep(0.1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send", number]:
            for _ in range(int(number)):
                send()
        case ["stream"]:
            stream()
        case ["delivered", number]:
            delivered(int(number))
