"""Which Send connector takes a message, and why this one: asked of the saved configuration by page and shell."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse

from console.directory.models import Recipient
from console.publishing import queries as publishing
from console.users import queries as users
from transport.config.domains import domain_of
from transport.config.kinds import Kind, Setting
from transport.send.choice import Choice, Mail, Passed, user_of
from transport.send.route import DeliveryType, Hop, Router

SIZE = Setting("Size", "", Kind.SIZE, "Size", "", "ours", minimum=0, maximum=2**63 - 1)


def question(mail: Mail) -> str:
    """The page with the answer about a message that there is; the recipient is still to be added."""
    known = mail.connector in {each.name for each in publishing.saved().receive_connectors}
    given = {"sender": mail.sender, "user": user_of(mail.principal), "size": str(mail.size)}
    return f"{reverse('connectors:send-route')}?{urlencode(given | ({'connector': mail.connector} if known else {}))}"


@dataclass(frozen=True)
class Route:
    """Where a message would go. `choice` is None where no Send connector is asked."""

    hop: Hop
    choice: Choice | None = None
    behind: list[Passed] = field(default_factory=list)

    @property
    def words(self) -> str:
        """In one sentence."""
        if self.choice is not None:
            return self.choice.why
        if self.hop.delivery_type is DeliveryType.MAILBOX:
            return "It stays here, in a mailbox: no Send connector is asked."
        return f"The accepted domain {self.hop.domain} says where its mail goes: no Send connector is asked."


def route(recipient: str, mail: Mail) -> Route:
    """Where a message to an address would go under the saved configuration."""
    router = Router(publishing.saved())
    listed = Recipient.objects.filter(address=recipient.lower(), deleted=False).exists()
    hop = router.hop(recipient, listed, router.address_spaces.essence(mail))
    domain = domain_of(recipient)
    asked = hop.connector or hop.delivery_type in (DeliveryType.UNREACHABLE, DeliveryType.UNDELIVERABLE)
    if not asked:
        return Route(hop)
    choice = router.choice(domain, mail)
    return Route(hop, choice, router.behind(domain, choice))


def user_named(text: str) -> str:
    """A user as the directory writes it. Raises ValueError for one who is not there."""
    found = "".join(users.written_out([text])) if text else ""
    if text and ("\\" not in found or found.casefold() not in users.principals()):
        raise ValueError(f"There is no user “{text}”.")
    return found
