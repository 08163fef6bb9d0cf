"""“Which connector takes …?”: the page and the cmdlet give the same answer, with a reason for every connector."""

import html
import re

import pytest
from django.urls import reverse

from console.actors import SYSTEM
from console.connectors import actions
from console.domains import actions as domains
from console.users import actions as users
from tests.console.builders import ADMIN, accepted_domain, receive_connector, send_connector
from tests.console.management_shell import waiting_mail
from tests.console.management_shell.shell import Shell
from transport.config.address_space import AddressSpace

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture
def connectors(db):
    users.add(SYSTEM, "CONTOSO", "m.alexander", "winter-rain-on-tin")
    domains.create(ADMIN, accepted_domain("contoso.com"))
    actions.create(ADMIN, receive_connector("Devices"))
    fabrikam = (AddressSpace("*.fabrikam.com"),)
    for connector in (
        send_connector("Small", address_spaces=fabrikam, max_message_size=MB),
        send_connector("Staff", address_spaces=fabrikam, reject_messages_from=("m.alexander",), max_message_size=None),
        send_connector("Internet", address_spaces=(AddressSpace("*", 5),)),
        send_connector("Spare", address_spaces=(AddressSpace("*", 9),)),
        send_connector("Off", enabled=False),
        send_connector("Else", address_spaces=(AddressSpace("x.test"),)),
    ):
        actions.create(ADMIN, connector)


def asked(client, **given):
    page = client.get(reverse("connectors:send-route"), {"size": "10 KB", **given})
    return page, {name: (words, takes) for name, _, words, takes in page.context["lines"]}


def test_every_connector_says_why(admin, connectors):
    given = {"recipient": "bob@sales.fabrikam.com", "sender": "a@b.test", "user": "m.alexander", "size": "2 MB"}
    page, lines = asked(admin, **given)
    assert lines == {
        "Small": ("the message is larger than its 1 MB (1,048,576 bytes)", False),
        "Staff": ("its list RejectMessagesFrom names the sender", False),
        "Internet": ("It takes the message, by its address space * at cost 5.", True),
        "Spare": ("its cost, 9, is higher", False),
        "Off": ("it is disabled", False),
        "Else": ("it has no such address space", False),
    }
    assert "Internet: address space *, cost 5" in page.text
    assert reverse("connectors:send-route") in admin.get(reverse("connectors:send-list")).text


def test_what_stays_here_asks_no_connector(admin, connectors):
    page, lines = asked(admin, recipient="anna@contoso.com")
    assert not lines and "It stays here, in a mailbox" in page.text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"recipient": "nobody"}, "recipient"),
        ({"recipient": "a@b.test", "user": "n.anderson"}, "user"),
        ({"recipient": "a@b.test", "size": "much"}, "size"),
        ({"recipient": "a@b.test", "connector": "None"}, "connector"),
    ],
)
def test_what_cannot_be_read_is_explained_at_its_field(admin, connectors, given, field):
    page, _ = asked(admin, **given)
    assert page.status_code == 422 and list(page.context["form"].errors) == [field]


def test_the_shell_gives_the_same_answer(connectors):
    answer = Shell().run("Test-MailRoute bob@fabrikam.com -User m.alexander -Sender a@b.test -Size 2MB | fl")
    assert "SendConnector : Internet" in " ".join(str(answer).split())
    assert "RejectMessagesFrom names the sender" in str(answer)
    nowhere = Shell().run("Test-MailRoute bob@fabrikam.com -User m.alexander -Sender a@b.test -Size 40MB | fl")
    assert re.search(r"DeliveryType *: Undeliverable\nNextHopDomain *:\s*\nReason", nowhere)


def test_a_message_in_the_queue_leads_to_the_reason(admin, connectors):
    message = waiting_mail.message(sender="a@b.test")
    page = admin.get(reverse("queues:message", args=[message.pk]))
    (link,) = re.findall(r'href="([^"]+send-connectors/route[^"]+)"', page.text)
    answer = admin.get(html.unescape(link))
    assert answer.status_code == 200 and answer.context["found"]
