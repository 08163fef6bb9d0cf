"""What is entered in a wizard and not finished: each under an address of its own, until it is made or cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.connectors import actions, models, own_addresses
from console.connectors.models import ReceiveConnector
from tests.console.builders import ADMIN, receive_connector
from tests.console.page_form import Form
from transport.config.endpoint import parse_binding

pytestmark = pytest.mark.django_db
BEGIN = reverse("connectors:receive-wizard")
FIRST = {"usage": "Internet", "transport_role": "FrontendTransport", "comment": ""}


def page(draft: str, step: str, kind: str = "receive") -> str:
    return reverse(f"connectors:{kind}-wizard-step", args=[draft, step])


def begun(client: Client, draft: str, name: str) -> None:
    assert client.post(page(draft, "introduction"), {**FIRST, "name": name, "go": "next"}).status_code == 302


def test_two_tabs_make_two_connectors(admin: Any) -> None:
    for draft, name, ranges in (("one", "Wizard ONE", "10.1.0.0/16"), ("two", "Wizard TWO", "10.2.0.0/16")):
        begun(admin, draft, name)
        admin.post(page(draft, "local"), {"bindings": "10.2.3.4:25", "fqdn": "", "go": "next"})
        admin.post(page(draft, "remote"), {"remote_ip_ranges": ranges, "go": "next"})
    for draft in ("one", "two"):
        assert admin.post(page(draft, "summary"), {"go": "next"}).status_code == 302
    made = {row.name: row.remote_ip_ranges for row in ReceiveConnector.objects.all()}
    assert made == {"Wizard ONE": ["10.1.0.0/16"], "Wizard TWO": ["10.2.0.0/16"]}
    assert not models.Draft.objects.exists()


def test_new_asks_which_draft_to_go_on_with(admin: Any) -> None:
    fresh = admin.get(BEGIN)
    assert fresh.status_code == 302 and fresh.url != admin.get(BEGIN).url
    begun(admin, "one", "Printers")
    asked = admin.get(BEGIN).text
    assert "Continue the draft “Printers”" in asked and page("one", "local") in asked and "Begin anew" in asked
    assert 'value="Printers"' not in admin.get(admin.get(BEGIN).context["anew"]).text


def test_leaving_keeps_a_draft_and_cancel_discards_it(admin: Any) -> None:
    begun(admin, "one", "Printers")
    admin.get(reverse("connectors:receive-list"))
    assert 'value="Printers"' in admin.get(page("one", "introduction")).text
    assert admin.post(page("one", "local"), {"go": "cancel"}).url == reverse("connectors:receive-list")
    assert admin.get(BEGIN).status_code == 302


def test_a_draft_is_its_owners(admin: Any, signed_in: Any) -> None:
    begun(admin, "one", "Printers")
    other = signed_in(Role.HYGIENE_MANAGEMENT)
    assert "Printers" not in other.get(page("one", "introduction")).text
    begun(other, "one", "Scanners")
    assert 'value="Printers"' in admin.get(page("one", "introduction")).text


def test_a_draft_outlives_the_session(admin: Any) -> None:
    begun(admin, "one", "Printers")
    user = models.Draft.objects.get().owner
    admin.logout()
    from django.contrib.auth.models import User

    admin.force_login(User.objects.get(username=user))
    assert "Continue the draft “Printers”" in admin.get(BEGIN).text


def test_the_kinds_of_connectors_have_their_own_drafts(admin: Any) -> None:
    begun(admin, "one", "Printers")
    assert admin.get(reverse("connectors:send-wizard")).status_code == 302
    assert "Printers" not in admin.get(page("one", "introduction", "send")).text


def test_drafts_are_few_and_do_not_stay_for_ever(admin: Any) -> None:
    for number in range(actions.MOST_DRAFTS + 2):
        begun(admin, f"draft-{number}", f"Number {number}")
    names = {draft.entered["introduction"]["name"] for draft in models.Draft.objects.all()}
    assert names == {f"Number {number}" for number in range(2, actions.MOST_DRAFTS + 2)}
    models.Draft.objects.filter(key="draft-5").update(changed_at=timezone.now() - actions.DRAFT_AGE - timedelta(days=1))
    begun(admin, "draft-6", "Number 6")
    assert not models.Draft.objects.filter(key="draft-5").exists()


def test_bindings_are_chosen_from_what_is_here(admin: Any) -> None:
    actions.create(ADMIN, receive_connector("Default Frontend", bindings=["127.0.0.1:4525"]))
    begun(admin, "one", "Printers")
    form = Form(admin.get(page("one", "local")).text)
    assert "0.0.0.0:25" in form.sent["bindings-ticked"] and not form.sent["bindings"][0]
    shown = admin.get(page("one", "local")).text
    assert "127.0.0.1:4525" in shown and "as Default Frontend" in shown
    chosen = {"bindings-ticked": ["127.0.0.1:4525"], "bindings": "127.0.0.9:4526", "fqdn": "", "go": "next"}
    assert admin.post(page("one", "local"), chosen).status_code == 302
    again = Form(admin.get(page("one", "local")).text).sent
    assert again["bindings-ticked"] == ["127.0.0.1:4525"] and again["bindings"] == ["127.0.0.9:4526"]


def test_an_address_that_this_machine_has_not_is_said_at_once(admin: Any) -> None:
    begun(admin, "one", "Printers")
    entered = {"bindings": "192.0.2.77:25\n127.0.0.9:25\nnonsense", "fqdn": ""}
    said = admin.post(page("one", "local"), entered, headers={"HX-Target": "preview"}).text
    assert "192.0.2.77:25: this machine has no such address" in said and "127.0.0.9" not in said
    bindings = [parse_binding(f"{each}:25" if ":" not in each else f"[{each}]:25") for each in own_addresses.own()]
    assert bindings and own_addresses.not_here(bindings) == []


@pytest.mark.parametrize(("kind", "pages"), [("receive", ["local", "remote"]), ("send", ["delivery", "address-space"])])
def test_a_new_connector_may_write_all_down_for_its_first_days(admin: Any, kind: str, pages: list[str]) -> None:
    for step in ("introduction", *pages):
        sent = Form(admin.get(page("one", step, kind)).text).sent
        entered = {
            "introduction": {"name": "Watched", "log": "on"},
            "remote": {"remote_ip_ranges": "10.1.0.0/16"},
            "address-space": {"address_spaces": "*"},
        }
        admin.post(page("one", step, kind), sent | entered.get(step, {}) | {"go": "next"})
    assert "Verbose until" in admin.get(page("one", "summary", kind)).text
    admin.post(page("one", "summary", kind), {"go": "next"})
    model = {"receive": ReceiveConnector, "send": models.SendConnector}[kind]
    row = model.objects.get(name="Watched")
    days = (row.protocol_logging_until - timezone.now().timestamp()) / timedelta(days=1).total_seconds()
    assert row.protocol_logging_level == "Verbose" and 6.9 < days <= 7
