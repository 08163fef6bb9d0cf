"""Which Send connector takes a message, and why this one: asked of the saved configuration by page and shell."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from console.directory import queries as directory
from console.publishing import queries as publishing
from console.users import queries as users
from transport.config.kinds import Kind, Setting
from transport.send.choice import Mail, user_of
from transport.send.route import Router
from transport.trace.way_out import Way, way_out

SIZE = Setting("Size", "", Kind.SIZE, "Size", "", "ours", minimum=0, maximum=2**63 - 1)


def question(mail: Mail) -> str:
    """The page with the answer about a message that there is; the recipient is still to be added."""
    known = mail.connector in {each.name for each in publishing.saved().receive_connectors}
    given = {"sender": mail.sender, "user": user_of(mail.principal), "size": str(mail.size)}
    return f"{reverse('connectors:send-route')}?{urlencode(given | ({'connector': mail.connector} if known else {}))}"


def route(recipient: str, mail: Mail) -> Way:
    """Where a message to an address would go under the saved configuration."""
    listed = directory.is_listed(recipient.lower())
    return way_out(Router(publishing.saved()), recipient, listed, mail)


def user_named(text: str) -> str:
    """A user as the directory writes it. Raises ValueError for one who is not there."""
    found = "".join(users.written_out([text])) if text else ""
    if text and ("\\" not in found or found.casefold() not in users.principals()):
        raise ValueError(f"There is no user “{text}”.")
    return found
