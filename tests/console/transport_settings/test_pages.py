"""Mail flow → Transport settings: what is saved there is in the next revision, and delivery obeys it."""

from __future__ import annotations

import pytest
from django.test import Client

from console.actors import Role
from console.publishing import queries
from console.publishing.restore import restore
from console.transport_settings import actions
from tests.console.builders import ADMIN
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

pytestmark = pytest.mark.django_db
LIMITS, ORGANIZATION = "/mail-flow/transport/", "/mail-flow/transport/organization/"


def saved() -> Snapshot:
    return queries.snapshot(queries.newest_with_document())


def entries(client: Client, url: str) -> dict[str, str]:
    form = client.get(url).context["form"]
    found = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in found.items() if value not in (None, False)}


def test_what_is_saved_is_in_the_next_revision(admin: Client) -> None:
    wanted = entries(admin, LIMITS) | {"message_expiration_timeout": "1.00:00:00"}
    assert admin.post(LIMITS, wanted).status_code == 302
    assert saved().transport_limits == TransportLimits(message_expiration_timeout=86400)
    wanted = entries(admin, ORGANIZATION) | {"external_postmaster_address": "help@contoso.com"}
    assert admin.post(ORGANIZATION, wanted).status_code == 302
    assert saved().transport_config == TransportConfig(external_postmaster_address="help@contoso.com")


def test_an_empty_box_is_no_limit_of_connections(admin: Client) -> None:
    empty = {"max_outbound_connections": "", "max_per_domain_outbound_connections": " "}
    assert admin.post(LIMITS, entries(admin, LIMITS) | empty).status_code == 302
    limits = saved().transport_limits
    assert (limits.max_outbound_connections, limits.max_per_domain_outbound_connections) == (None, None)


@pytest.mark.parametrize(
    ("url", "field", "value", "complaint"),
    [
        (LIMITS, "message_expiration_timeout", "00:00:04", "from 00:00:05 to 90.00:00:00"),
        (LIMITS, "delay_notification_timeout", "2.00:00:00", "before the message expires"),
        (LIMITS, "transient_failure_retry_count", "16", "from 0 to 15"),
        (LIMITS, "max_per_domain_outbound_connections", "1001", "Of 1,000 connections in all"),
        (LIMITS, "max_outbound_connections", "0", "from 1"),
        (ORGANIZATION, "external_postmaster_address", "nobody", "is no address"),
        (ORGANIZATION, "max_receive_size", "1KB", "from 64 KB"),
        (ORGANIZATION, "external_postmaster_address", "<a@contoso.com>", "the address alone"),
    ],
)
def test_what_cannot_stand_is_said_at_its_field(
    admin: Client, url: str, field: str, value: str, complaint: str
) -> None:
    answer = admin.post(url, entries(admin, url) | {field: value})
    assert answer.status_code == 422
    assert complaint in str(answer.context["form"].errors[field])


def test_connections_may_be_unlimited(admin: Client) -> None:
    without = dict.fromkeys(("max_outbound_connections", "max_per_domain_outbound_connections"), "Unlimited")
    wanted = entries(admin, LIMITS) | without
    assert admin.post(LIMITS, wanted).status_code == 302
    limits = saved().transport_limits
    assert (limits.max_outbound_connections, limits.max_per_domain_outbound_connections) == (None, None)


def test_only_organization_management_may_save(signed_in) -> None:
    reader = signed_in(Role.VIEW_ONLY)
    page = reader.get(LIMITS)
    assert page.status_code == 200 and "<fieldset disabled>" in page.content.decode()
    assert reader.post(LIMITS, {}).status_code == 403


def test_a_restored_revision_brings_its_limits_back() -> None:
    first = actions.save(ADMIN, TransportLimits(message_retry_interval=60))
    number = queries.newest().number
    actions.save(ADMIN, TransportLimits(message_retry_interval=120), first.version)
    restore(ADMIN, number)
    assert saved().transport_limits.message_retry_interval == 60
