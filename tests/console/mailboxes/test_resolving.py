"""Whose mail is shown with the directory's name for its sender: document 003, from the connection to the page."""

import pytest
from django.urls import reverse

from console.actors import SYSTEM
from console.directory import actions as directory
from tests.console.mailboxes.test_pages import deliver
from tests.receive.builders import connected, connector, policy, said
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism
from transport.receive import auth, data
from transport.receive.session import User
from transport.smtp.header import header
from transport.smtp.header_firewall import without

__all__ = ["deliver"]

pytestmark = pytest.mark.django_db
ANNA = User("CONTOSO\\anna", (), frozenset({"anna@contoso.com"}))
EXTERNALLY_SECURED = {
    "auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative}),
    "permission_groups": frozenset({PermissionGroup.ExchangeServers}),
}
USERS = {
    "auth_mechanism": frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth}),
    "permission_groups": frozenset({PermissionGroup.ExchangeUsers}),
}
EVERY_RIGHT = {
    "permission_groups": frozenset({PermissionGroup.AnonymousUsers}),
    "grants": tuple(Grant(ANONYMOUS, right.value) for right in Right if right is not Right.ACCEPT_AUTHENTICATION_FLAG),
}
FORGED = b"X-MS-Exchange-Organization-Resolve-Sender: True\r\nX-MS-Exchange-Organization-AuthAs: Internal\r\n"


def accepted(values, signs_in=False, stamps=b""):
    """The message as the transport stores it, and whether its log speaks of the sender's name."""
    session = said(connected(policy(connector(**values))), "EHLO app")
    if signs_in:
        session = auth.checked(session, ANNA).session
    session = said(session, "MAIL FROM:<anna@contoso.com>", "RCPT TO:<bob@contoso.com>")
    content = stamps + b"From: Scanner <Anna@Contoso.com>\r\nSubject: Scan\r\n\r\ntext\r\n"
    found = header(content, 1 << 18)
    head = without(found.text, data.firewall(session.rights))
    outcome = data.received(session, data.MailData(len(content), head), "ab" * 16, 1_700_000_000.0)
    (accept,) = outcome.actions
    return accept.trace + accept.header + content[found.octets :], bool(outcome.matched)


@pytest.mark.parametrize(
    ("values", "signs_in", "shown"),
    [
        (EXTERNALLY_SECURED, False, "Anna Berg"),
        (EXTERNALLY_SECURED | {"resolve_senders": False}, False, "Scanner"),
        (USERS, True, "Anna Berg"),
        (USERS | {"resolve_senders": False}, True, "Scanner"),
        ({}, False, "Scanner"),
        (EVERY_RIGHT, False, "Scanner"),
    ],
    ids=["externally-secured", "switched-off", "signed-in", "signed-in-switched-off", "anonymous", "every-other-right"],
)
@pytest.mark.parametrize("stamps", [b"", FORGED], ids=["as-it-is", "forged"])
def test_the_connection_decides_and_the_switch_of_its_connector(admin, deliver, values, signs_in, shown, stamps):
    directory.add(SYSTEM, "anna@contoso.com", "Anna Berg")
    message, logged = accepted(values, signs_in, stamps)
    key = deliver("bob@contoso.com", raw=message)
    text = admin.get(reverse("mailboxes:message-list", args=["contoso.com", "bob"])).text
    assert shown in text and ({"Anna Berg", "Scanner"} - {shown}).pop() not in text
    assert shown in admin.get(reverse("mailboxes:message", args=["contoso.com", "bob", key])).text
    assert logged is (shown == "Anna Berg")


def test_a_sender_whom_the_directory_does_not_know_keeps_the_name_of_the_message(admin, deliver):
    message, _ = accepted(EXTERNALLY_SECURED)
    deliver("bob@contoso.com", raw=message)
    assert "Scanner" in admin.get(reverse("mailboxes:message-list", args=["contoso.com", "bob"])).text
