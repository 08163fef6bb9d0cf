"""What the wizard's summary and the property pages say of the settings that were entered."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.connectors import actions
from console.connectors.summary import tables
from console.publishing.fields import lines
from tests.console.builders import ADMIN, RELAY, receive_connector
from tests.console.page_form import Form
from transport.config.permissions import Grant, Right
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.setting import settings


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("enabled", False, ["No"]),
        ("pipelining_enabled", True, ["Yes"]),
        ("auth_mechanism", frozenset(), []),
        (
            "auth_mechanism",
            frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth}),
            ["Transport Layer Security (TLS)", "Basic authentication"],
        ),
        ("max_message_size", 5 * 1024**2, ["5 MB"]),
        ("message_rate_limit", None, ["Unlimited"]),
        ("connection_timeout", 600, ["00:10:00"]),
        ("fqdn", "", []),
        ("grants", (RELAY,), ["Anonymous users: Accept any recipient (relay)"]),
        (
            "grants",
            (Grant("CONTOSO\\anna", Right.SUBMIT.value, True),),
            ["CONTOSO\\anna, denied: Submit"],
        ),
    ],
)
def test_a_value_in_people_s_words(field, value, shown):
    assert lines(settings(ReceiveConnector)[field], value) == shown


def test_no_shell_value_stands_on_the_summary():
    told = [line for _, rows, _ in tables(receive_connector(), ["General", "Security", "Scoping"]) for _, found in rows
            for line in found]  # fmt: skip
    assert not {"True", "False", "Tls", "AnonymousUsers", "FrontendTransport", "{}"} & set(told)
    assert {"Anonymous users", "Frontend Transport", "10.0.0.0/8"} <= set(told)


def test_tabs_at_their_defaults_are_known():
    untouched = {tab: at_default for tab, _, at_default in tables(receive_connector(), ["Scoping", "Limits"])}
    assert untouched == {"Scoping": False, "Limits": True}


@pytest.mark.django_db
def test_everything_that_is_wrong_with_a_tab_is_said_at_once(admin):
    row = actions.create(ADMIN, receive_connector())
    url = reverse("connectors:receive-properties", args=[row.pk, "scoping"])
    entries = {"remote_ip_ranges": "10.0.0", "bindings": "", "fqdn": "", "banner": "Hello"}
    page = admin.post(url, Form(admin.get(url).text).sent | entries)
    assert set(page.context["form"].errors) == {"remote_ip_ranges", "bindings", "banner"}


@pytest.mark.django_db
def test_a_banner_that_cannot_stand_is_not_previewed_as_a_greeting(admin):
    row = actions.create(ADMIN, receive_connector())
    entries = {"remote_ip_ranges": "10.0.0.0/8", "bindings": "10.2.3.4:25", "fqdn": "", "banner": "Hello"}
    ask = {"HX-Request": "true", "HX-Target": "preview"}
    page = admin.post(reverse("connectors:receive-properties", args=[row.pk, "scoping"]), entries, headers=ask)
    assert page.context["greeting"] == "The banner must start with 220 and a space, for example: 220 Mail Server"
