"""What can be done to several connectors, and to a copy of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.audit.models import Entry
from console.connectors import actions
from console.connectors.models import ReceiveConnector
from console.publishing.actions import change
from console.publishing.models import ConfigRevision
from console.publishing.queries import saved
from tests.console.builders import ADMIN, RELAY, receive_connector, send_connector
from tests.console.page_form import Form
from transport.config.receive_connector import ProtocolLoggingLevel

pytestmark = pytest.mark.django_db
LIST, ACT = reverse("connectors:receive-list"), reverse("connectors:receive-act")


@pytest.fixture
def forty() -> list[ReceiveConnector]:
    actions.create_all(ADMIN, [receive_connector(f"Printer {n:02}", ranges=[f"10.0.{n}.0/24"]) for n in range(40)])
    actions.create(ADMIN, receive_connector("Partner", ranges=["192.0.2.7"], enabled=False))
    return list(ReceiveConnector.objects.order_by("name"))


def logging(value: str) -> int:
    return ReceiveConnector.objects.filter(protocol_logging_level=value).count()


def test_logging_is_turned_on_for_forty_connectors_in_one_revision(admin: Any, forty: Any) -> None:
    page = admin.post(f"{ACT}?q=printer", {"verb": "edit", "all": "rows"}).url
    shown = admin.get(page)
    assert "Edit 40 receive connectors" in shown.text
    before = ConfigRevision.objects.count()
    sent = Form(shown.text).sent | {"change_protocol_logging_level": "on", "protocol_logging_level": "Verbose"}
    done = admin.post(page, sent, follow=True)
    assert "40 receive connectors: changed." in done.text
    assert done.redirect_chain[-1][0] == f"{LIST}?q=printer"
    assert logging("Verbose") == 40
    assert ConfigRevision.objects.count() == before + 1


def test_nothing_is_changed_that_is_not_ticked(admin: Any, forty: Any) -> None:
    page = admin.post(ACT, {"verb": "edit", "pk": [forty[1].pk, forty[2].pk]}).url
    sent = Form(admin.get(page).text).sent
    refused = admin.post(page, sent | {"max_message_size": "nonsense", "protocol_logging_level": "Verbose"})
    assert refused.status_code == 422
    assert "Tick what is to be changed." in refused.text
    assert "nonsense" in refused.text
    wrong = admin.post(page, sent | {"max_message_size": "nonsense", "change_max_message_size": "on"})
    assert wrong.status_code == 422
    admin.post(page, sent | {"comment": "second floor", "change_comment": "on"})
    assert ReceiveConnector.objects.filter(comment="second floor").count() == 2
    assert logging("Verbose") == 0


def test_all_that_match_are_disabled_in_one_revision(admin: Any, forty: Any) -> None:
    before = ConfigRevision.objects.count()
    admin.post(f"{ACT}?q=printer+-%22printer+07%22", {"verb": "disable", "all": "rows", "count": "39"})
    assert ReceiveConnector.objects.filter(enabled=True).count() == 1
    assert ConfigRevision.objects.count() == before + 1


def test_a_copy_has_a_name_and_ranges_of_its_own(admin: Any, forty: Any) -> None:
    origin = forty[5]
    page = admin.post(ACT, {"verb": "copy", "pk": origin.pk}).url
    sent = Form(admin.get(page).text).sent
    assert admin.post(page, sent).status_code == 422
    made = admin.post(page, sent | {"name": "Scanner", "remote_ip_ranges": "10.9.9.0/24"}, follow=True)
    assert "Scanner is saved." in made.text
    copy = ReceiveConnector.objects.get(name="Scanner")
    assert (copy.bindings, copy.permission_groups) == (origin.bindings, origin.permission_groups)
    assert copy.remote_ip_ranges == ["10.9.9.0/24"]


def test_a_copy_that_lets_strangers_relay_asks_for_its_name(admin: Any) -> None:
    origin = actions.create(ADMIN, receive_connector("Relay", ranges=["10.1.1.1"], grants=frozenset({RELAY})), "Relay")
    page = reverse("connectors:receive-copy", args=[origin.pk])
    sent = Form(admin.get(page).text).sent | {"name": "Other", "remote_ip_ranges": "10.1.1.2"}
    asked = admin.post(page, sent)
    assert asked.status_code == 422
    assert not ReceiveConnector.objects.filter(name="Other").exists()
    field = next(name for name in Form(asked.text).sent if "confirm" in name)
    admin.post(page, sent | {field: "Other"})
    assert ReceiveConnector.objects.filter(name="Other").exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [("status:disabled", 1), ("relays:no", 41), ("relays:yes", 0), ("listens:yes", 41), ("logging:verbose", 0)],
)
def test_receive_connectors_are_found_by_what_they_do(admin: Any, forty: Any, query: str, found: int) -> None:
    assert admin.get(LIST, {"q": query}).context["page"].paginator.count == found


def test_a_send_connector_is_copied(admin: Any) -> None:
    origin = actions.create(ADMIN, send_connector("Internet"))
    page = reverse("connectors:send-copy", args=[origin.pk])
    sent = Form(admin.get(page).text).sent | {"name": "Partner", "address_spaces": "partner.example"}
    assert "Partner is saved." in admin.post(page, sent, follow=True).text


def test_all_connectors_are_read_once_however_many_are_changed(forty: Any) -> None:
    wanted = {"protocol_logging_level": ProtocolLoggingLevel.Verbose}
    with CaptureQueriesContext(connection) as asked, change(ADMIN, "all of them"):
        for row in forty:
            actions.update(ADMIN, type(receive_connector()), row.pk, wanted)
        name = {"name": "Printer 39", "comment": "taken"}
        with pytest.raises(ValidationError, match="name"):
            actions.update(ADMIN, type(receive_connector()), forty[0].pk, name)
        actions.update(ADMIN, type(receive_connector()), forty[-1].pk, {"name": "Freed"})
        actions.update(ADMIN, type(receive_connector()), forty[0].pk, name)
    whole = [each["sql"] for each in asked if 'FROM "connectors_receiveconnector"' in each["sql"]]
    assert len([sql for sql in whole if "WHERE" not in sql]) <= 3


def test_protocol_logging_for_a_week_ends_by_itself_and_says_when(admin: Any, forty: Any) -> None:
    admin.post(f"{ACT}?q=printer", {"verb": "log", "all": "rows", "count": "40"})
    assert logging("Verbose") == 40
    admin.get(LIST)  # what was said is read
    details = admin.get(reverse("connectors:receive-details", args=[forty[1].pk])).text
    assert "Verbose until" in details and "Verbose for 7 days" not in details
    actions.end_logging()
    assert logging("Verbose") == 40, "not yet"
    ReceiveConnector.objects.filter(name__startswith="Printer 1").update(protocol_logging_until=1)
    before = ConfigRevision.objects.count()
    actions.end_logging()
    assert (logging("Verbose"), ConfigRevision.objects.count()) == (30, before + 1)
    assert Entry.objects.filter(actor="system", object_name="Printer 17", verb="changed").exists()
    made = {each.name: each.protocol_logging_until for each in saved().receive_connectors}
    assert made["Printer 17"] is None and made["Printer 27"] is not None
