"""The driver: a whole conversation as a page plays it, and what it asks of its world."""

from __future__ import annotations

from typing import Any

from tests.receive.builders import LOCAL, REMOTE, connector, policy
from transport.config.connection_filter import ConnectionFilter, IPListProvider
from transport.config.permissions import PermissionGroup
from transport.receive.auth import WRONG
from transport.receive.conversation import IDENTITY, Conversation, World
from transport.receive.facts import Listings, Question
from transport.receive.outcome import Accept, Close, Outcome
from transport.receive.session import User

ANNA = User("CONTOSO\\anna", (), frozenset({"anna@contoso.com"}))


def test_a_page_plays_a_whole_conversation() -> None:
    users = policy(connector(permission_groups=frozenset({PermissionGroup.ExchangeUsers})))
    heard: list[Outcome] = []
    client = Conversation(users, LOCAL, REMOTE, World(), heard=heard.append)
    assert client.greeted.reply is not None and client.greeted.reply.code == 220
    client.line(b"EHLO client.test")
    client.line(b"STARTTLS")
    assert client.secures
    client.secure(["client.test"])
    client.line(b"EHLO client.test")
    assert client.sign_in(WRONG).decided_by == "sign_in_failed"
    assert client.sign_in(ANNA).decided_by == "signed_in"
    client.line(b"MAIL FROM:<anna@contoso.com>")
    assert client.line(b"RCPT TO:<ben@fabrikam.example>").decided_by == "relay_allowed"
    client.line(b"DATA")
    stored = client.content(b"Subject: x\r\n\r\n.y\r\n")
    assert stored.decided_by == "queued" and isinstance(stored.actions[0], Accept)
    assert stored.reply is not None and f"<{IDENTITY}@gateway.test>" in stored.reply.text
    assert Close() in client.line(b"QUIT").actions and client.closed
    assert heard[-1].actions == (Close(),)


class Slow(World):
    """DNS answers when it is asked once more, and not before."""

    def __init__(self, found: Listings | None) -> None:
        self.found = found
        self.asked: list[Question[Any]] = []

    def fact(self, question: Question[Any]) -> Listings | None:
        self.asked.append(question)
        return self.found if len(self.asked) > 1 else None


def test_a_command_that_waits_for_an_answer_gets_it_or_goes_on_without() -> None:
    filtered = policy(
        ip_list_providers=(IPListProvider(name="Blocker", lookup_domain="bl.test"),),
        connection_filter=ConnectionFilter(),
    )
    for found, rule in (({"bl.test": ("127.0.0.2",)}, "ip_block_list_provider"), (None, "")):
        client = Conversation(filtered, LOCAL, REMOTE, Slow(found))
        client.line(b"HELO x")
        client.line(b"MAIL FROM:<a@b.example>")
        assert client.line(b"RCPT TO:<postmaster@contoso.com>").decided_by == (rule or "accepted_domain")


def test_octets_are_taken_however_they_come() -> None:
    said = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.\r\nNOOP\nQUIT\r\n"
    whole: list[str] = []
    pieces: list[str] = []
    Conversation(policy(), LOCAL, REMOTE, World(), heard=lambda each: whole.append(str(each.reply))).octets(said)
    client = Conversation(policy(), LOCAL, REMOTE, World(), heard=lambda each: pieces.append(str(each.reply)))
    for place in range(len(said)):
        client.octets(said[place : place + 1])
    assert whole == pieces and client.closed
    assert [text for text in whole if "Commands must end with CRLF" in text]
