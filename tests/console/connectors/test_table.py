"""A setting is declared once: model, form, tab and default follow from the table."""

from __future__ import annotations

import msgspec
import pytest
from django.urls import reverse

from console.connectors import actions, models
from console.connectors.forms import ReceiveForm, SendForm
from console.domains.forms import DomainForm
from console.domains.models import AcceptedDomain as DomainRow
from console.protection import models as protection
from console.publishing.fields import field_for, written
from console.publishing.rows import struct_of
from console.publishing.settings_form import form_of
from console.transport_settings import models as transport
from tests.console.builders import ADMIN, receive_connector, send_connector
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Kind
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import NEEDS, SendConnector
from transport.config.setting import sections, settings
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

PAIRS = [
    (ReceiveConnector, models.ReceiveConnector),
    (SendConnector, models.SendConnector),
    (AcceptedDomain, DomainRow),
    (RecipientFilter, protection.RecipientFilter),
    (SenderFilter, protection.SenderFilter),
    (ConnectionFilter, protection.ConnectionFilter),
    (IPListEntry, protection.IPListEntry),
    (IPListProvider, protection.IPListProvider),
    (TransportLimits, transport.TransportLimits),
    (TransportConfig, transport.TransportConfig),
]
OWN = {"id", "version", "changed_at"}


@pytest.mark.parametrize(("struct", "model"), PAIRS)
def test_the_model_has_a_column_for_each_setting_with_the_same_default(struct, model):
    assert {field.name for field in model._meta.get_fields()} - OWN == set(settings(struct))
    required = ("name", "domain_name", "ip_range", "lookup_domain")
    named = {field: f"x-{field}" for field in required if field in settings(struct)}
    defaults = struct(**named)
    row = model(**named)
    assert struct_of(row, struct) == defaults


@pytest.mark.django_db
def test_each_setting_stands_on_its_tab():
    form = ReceiveForm(now=receive_connector())
    assert set(form.fields) - {"seen", "add_principal"} == set(settings(ReceiveConnector))
    for section in sections(ReceiveConnector):
        wanted = {field for field, setting in settings(ReceiveConnector).items() if setting.section == section}
        assert {bound.name for _, fields in form.on_tab(section) for bound in fields} | {"grants"} == wanted | {
            "grants"
        }


@pytest.mark.django_db
def test_each_setting_of_a_send_connector_stands_on_its_tab_and_is_asked_for_where_it_means_something():
    form = SendForm(now=send_connector())
    assert set(form.fields) - {"seen"} == set(settings(SendConnector))
    for section in sections(SendConnector):
        wanted = {field for field, setting in settings(SendConnector).items() if setting.section == section}
        assert {bound.name for _, fields in form.on_tab(section) for bound in fields} == wanted
    assert all(hasattr(form.fields[name], "needs") for name in NEEDS)


@pytest.mark.parametrize(
    "form",
    [
        DomainForm,
        form_of(RecipientFilter),
        form_of(SenderFilter),
        form_of(ConnectionFilter),
        form_of(TransportLimits),
        form_of(TransportConfig),
    ],
)
def test_each_setting_stands_on_the_form_of_its_object(form):
    assert set(form().fields) == set(settings(form.struct))


@pytest.mark.parametrize("struct", [ReceiveConnector, SendConnector])
def test_what_a_field_shows_it_also_understands(struct):
    for each in msgspec.structs.fields(struct):
        setting = settings(struct)[each.name]
        if setting.kind is not Kind.GRANTS and not setting.read_only and each.default is not msgspec.NODEFAULT:
            field = field_for(setting)
            assert field.clean(field.prepare_value(each.default)) == each.default


def test_sizes_are_written_as_one_types_them():
    setting = settings(ReceiveConnector)["max_message_size"]
    assert [written(setting, size) for size in (10 * 1024**2, 1500 * 1024, 70001)] == ["10 MB", "1500 KB", "70001"]


@pytest.mark.django_db
def test_the_details_pane_ends_with_what_is_not_as_usual_and_has_no_line_of_its_own(admin):
    changes = {"tarpit_interval": 9, "pipelining_enabled": False, "banner": "220 Hello"}
    row = actions.create(ADMIN, receive_connector(**changes))
    details = dict(admin.get(reverse("connectors:receive-details", args=[row.pk])).context["details"])
    assert "00:00:09" in details["Tarpit interval"] and "No" in details["PIPELINING"]
    assert "CHUNKING" not in details and list(details).count("Banner") == 1
