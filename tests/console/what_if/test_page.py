"""Trace → What-if: a question by form or link, answered under a configuration; who may ask; what nobody may ask."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from console.actors import Role
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector
from console.connectors.rights_matrix import field_name
from console.domains import actions as domains
from console.protection import actions as protection
from console.publishing.models import ConfigRevision
from console.users.models import User
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from tests.console.page_form import Form
from tests.dns_server import DnsServer
from tests.shell.certificates import certificate
from transport.config import bounds
from transport.config.connection_filter import ConnectionFilter, IPListProvider
from transport.config.endpoint import Binding, parse_binding
from transport.config.permissions import Right

URL = "/trace/what-if/"
QUESTION = {
    "client": "10.1.1.1",
    "local": "10.2.3.4:25",
    "helo": "printer",
    "sender": "scan@contoso.com",
    "recipients": "bob@fabrikam.com",
}


@pytest.fixture(autouse=True)
def configuration(db: None) -> None:
    domains.create(ADMIN, accepted_domain(default=True))
    connectors.create(ADMIN, receive_connector())


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_link_asks_and_the_answer_names_connector_reply_and_rule(admin: Any) -> None:
    page = text(admin.get(URL, QUESTION))
    assert "Office" in page and "550 5.7.1 Unable to relay" in page and "relay_denied" in page
    assert 'value="10.1.1.1"' in page
    assert "Add fabrikam.com to the accepted domains" in page and "New connector for 10.1.1.1" in page


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::"])
def test_a_client_connects_to_one_address_not_to_all(admin: Any, everywhere: str) -> None:
    asked = admin.get(URL).context["form"]["local"]
    assert asked.value() == "10.2.3.4:25"
    connectors.create(ADMIN, receive_connector("All", bindings=[str(Binding(everywhere, 25))]))
    proposed = parse_binding(admin.get(URL).context["form"]["local"].value())
    assert proposed.port == 25 and not proposed.is_any


def test_a_whole_message_may_be_sent_along(admin: Any) -> None:
    file = SimpleUploadedFile("x.eml", b"Subject: x\n\nHello\n")
    response = admin.post(URL, QUESTION | {"recipients": "postmaster@contoso.com", "file": file})
    assert "SIZE=21" in text(response) and "Queued mail for delivery" in text(response)


def test_an_answer_has_a_link_that_asks_the_same(admin: Any) -> None:
    first = admin.post(URL, QUESTION | {"recipients": "a@fabrikam.com\r\nb@fabrikam.com", "hello": "HELO"}).text
    link = unescape(re.findall(r'href="([^"]*)">Link to this question', first)[0])
    again = admin.get(link).text
    assert "a@fabrikam.com" in again and "RCPT TO:&lt;b@fabrikam.com&gt;" in again and "HELO printer" in again


def test_a_former_revision_answers_as_it_did(admin: Any) -> None:
    first = ConfigRevision.objects.order_by("number")[0].number
    assert "No connector answers this client" in text(admin.get(URL, QUESTION | {"revision": first}))
    assert admin.get(URL, QUESTION | {"revision": "99999"}).status_code == 422


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_settings_may_ask_and_nothing_is_written(signed_in: Any, role: Role) -> None:
    before = ConfigRevision.objects.count()
    assert "Unable to relay" in text(signed_in(role).post(URL, QUESTION))
    assert ConfigRevision.objects.count() == before


def test_nobody_else_may(signed_in: Any, client: Any) -> None:
    assert signed_in().get(URL).status_code == 403
    assert client.get(URL).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"client": "nowhere"},
        {"local": "25"},
        {"user": "CONTOSO\\nobody"},
        {"size": "many"},
        {"certificate": "-"},
        {"sender": "a\tb"},
        {"message": "x" * ((bounds.WHAT_IF.octets or 0) + 1)},
        {"recipients": "x@contoso.com\n" * ((bounds.WHAT_IF.lines or 0) + 1)},
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(admin: Any, wrong: Any) -> None:
    response = admin.post(URL, QUESTION | wrong)
    assert response.status_code == 422 and f'id="id_{next(iter(wrong))}_error"' in text(response)


def test_the_feature_pane_leads_there(admin: Any) -> None:
    assert f'href="{reverse("what_if:page")}"' in text(admin.get(reverse("refusals:list")))


def test_what_dns_is_asked_stands_in_the_form_and_a_written_answer_counts(admin: Any) -> None:
    protection.save_provider(ADMIN, IPListProvider(name="Blocker", lookup_domain="bl.test"))
    question = QUESTION | {"recipients": "postmaster@contoso.com"}
    unknown = text(admin.post(URL, question))
    assert "A 1.1.1.10.bl.test = ?" in unknown and "Ask DNS now" in unknown and "Accepted:" in unknown
    listed = text(admin.post(URL, question | {"dns": "A 1.1.1.10.bl.test = 127.0.0.2"}))
    assert "ip_block_list_provider" in listed and "Ask DNS now" not in listed
    assert "id_dns_error" in text(admin.post(URL, question | {"dns": "A 1.1.1.10.bl.test = nonsense"}))


def test_the_names_in_the_file_of_a_client_certificate_stand_in_the_form_and_in_the_link(admin: Any) -> None:
    def answer(content: bytes) -> str:
        return text(admin.post(URL, QUESTION | {"tls": "on", "shown": SimpleUploadedFile("x.pem", content)}))

    told = answer(certificate("mail.fabrikam.com").chain.encode())
    assert 'value="mail.fabrikam.com"' in told and "certificate=mail.fabrikam.com" in told
    assert "This is no certificate in PEM." in answer(b"nonsense")


def test_dns_is_asked_on_demand(admin: Any) -> None:
    protection.save_provider(ADMIN, IPListProvider(name="Blocker", lookup_domain="bl.test"))
    question = QUESTION | {"recipients": "postmaster@contoso.com", "ask_dns": "1"}
    with DnsServer({("1.1.1.10.bl.test", "A"): ["127.0.0.2"]}) as server:
        ask_there(server)
        assert "A 1.1.1.10.bl.test = 127.0.0.2" in text(admin.post(URL, question))
    with DnsServer(silent=True) as server:
        ask_there(server)
        assert "A 1.1.1.10.bl.test = none" in text(admin.post(URL, question))


def ask_there(server: DnsServer) -> None:
    there = Binding("127.0.0.1", server.port)
    protection.set_filter(ADMIN, ConnectionFilter(dns_servers=(there,), dns_timeout=1))


class TestUnsavedChanges:
    """From the form of a connector to the answer as it would be, and nothing of it is written."""

    def entries(self, admin: Any, **changes: str) -> tuple[str, Any]:
        page = reverse("connectors:receive-properties", args=[ReceiveConnector.objects.get().pk, "security"])
        return page, Form(admin.get(page).text).sent | changes

    def ask(self, admin: Any, page: str, entries: Any, **dialogue: str) -> str:
        first = admin.post(f"{reverse('what_if:unsaved')}?{urlencode({'form': page})}", entries)
        kept = Form(first.text).sent
        assert kept["of_form"] == [page]
        return text(admin.post(URL, kept | QUESTION | dialogue))

    def test_what_would_be_relayed_is_seen_before_it_is_confirmed(self, admin: Any) -> None:
        page, entries = self.entries(admin, **{field_name(0, Right.ACCEPT_ANY_RECIPIENT): "grant"})
        answer = self.ask(admin, page, entries)
        assert "Accepted:" in answer and "As saved now" in answer and "550 5.7.1 Unable to relay" in answer
        assert ReceiveConnector.objects.get().grants == [] and "Unable to relay" in text(admin.get(URL, QUESTION))

    def test_a_new_connector_is_tried_on_the_last_page_of_its_wizard(self, admin: Any) -> None:
        pages = {
            "introduction": {"name": "Printers", "usage": "Custom", "transport_role": "FrontendTransport"},
            "local": {"bindings": "10.2.3.4:2525", "fqdn": ""},
            "remote": {"remote_ip_ranges": "10.1.1.1"},
        }
        for page, entries in pages.items():
            step = reverse("connectors:receive-wizard-step", args=["a1b2c3d4", page])
            assert admin.post(step, {"go": "next", **entries}).status_code == 302
        summary = reverse("connectors:receive-wizard-step", args=["a1b2c3d4", "summary"])
        assert "Try before saving" in admin.get(summary).text
        answer = self.ask(admin, summary, {"go": "next"}, local="10.2.3.4:2525")
        assert "Unsaved changes" in answer and "Printers" in answer and "As saved now" in answer
        assert ReceiveConnector.objects.count() == 1 and admin.get(summary).status_code == 200

    def test_entries_that_cannot_be_saved_are_said_to_be_so(self, admin: Any) -> None:
        page, entries = self.entries(admin, remote_ip_ranges="nonsense")
        assert "cannot be saved with these entries" in self.ask(admin, page, entries)

    def test_only_forms_that_may_be_tried_are(self, admin: Any) -> None:
        response = admin.post(URL, QUESTION | {"of_form": "/recipients/users/new", "of_entries": "name=x"})
        assert response.status_code == 422 and not User.objects.filter(name="x").exists()

    def test_who_may_not_save_may_not_try(self, admin: Any, signed_in: Any) -> None:
        page, entries = self.entries(admin)
        reader = signed_in(Role.VIEW_ONLY)
        assert (
            reader.post(URL, QUESTION | {"of_form": page, "of_entries": urlencode(entries, doseq=True)}).status_code
            == 403
        )
