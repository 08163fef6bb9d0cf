"""The pages of connectors, as a browser without JavaScript uses them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.certificates import actions as certificates
from console.connectors import actions, queries
from console.connectors.models import ReceiveConnector as Row
from console.publishing import gateways
from console.publishing.models import ConfigRevision, Count
from tests.console.builders import ADMIN, RELAY, receive_connector, send_connector
from transport.config.endpoint import everyone
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel

pytestmark = pytest.mark.django_db
NEW = "connectors:receive-wizard-step"
DRAFT = "a1b2c3d4"


TLS = frozenset({AuthMechanism.Tls})


def step(client, page, /, go="next", **entries):
    return client.post(reverse(NEW, args=[DRAFT, page]), entries | {"go": go}, follow=True)


def properties(row, tab):
    return reverse("connectors:receive-properties", args=[row.pk, tab])


def entered(client, row, tab):
    """What the form of a tab posts when nothing is changed."""
    page = client.get(properties(row, tab))
    form = page.context["form"]
    data = {bound.html_name: bound.value() for bound in form if bound.name != "grants" and bound.value() is not False}
    data |= {cell.name: cell.hand for line in form.lines() for cell in line.cells}
    return {name: value for name, value in data.items() if value is not None}


def test_the_wizard_makes_a_connector(admin):
    step(admin, "introduction", name="Anonymous Relay", usage="Internet", transport_role="FrontendTransport")
    step(admin, "local", bindings="10.2.3.4:25", fqdn="mail.contoso.com")
    page = step(admin, "remote", remote_ip_ranges="192.168.5.77")
    assert (
        "Anyone at 192.168.5.77 may send, without signing in, to your accepted domains only, up to 10 MB." in page.text
    )
    page = step(admin, "summary")
    assert "is made and saved as revision 1" in page.text
    assert "New-ReceiveConnector -Name &quot;Anonymous Relay&quot; -Usage Internet" in page.text
    made = queries.receive(Row.objects.get())
    assert (made.name, made.fqdn) == ("Anonymous Relay", "mail.contoso.com")
    assert made.permission_groups == {PermissionGroup.AnonymousUsers}
    assert "draft" not in admin.get(reverse("connectors:receive-wizard")).text


@pytest.mark.parametrize("usage", ["Custom", "Internet", "Internal", "Client", "Partner"])
def test_each_intended_use_brings_its_presets(admin, usage):
    step(admin, "introduction", name="X", usage=usage, transport_role="FrontendTransport")
    local = admin.get(reverse(NEW, args=[DRAFT, "local"])).text
    assert ("0.0.0.0:587" in local) == (usage == "Client")
    remote = admin.get(reverse(NEW, args=[DRAFT, "remote"])).text
    assert ("0.0.0.0-255.255.255.255" in remote) == (usage in ("Internet", "Client"))


def test_back_and_reload_lose_nothing_even_of_what_is_wrong(admin):
    step(admin, "introduction", name="X", usage="Custom", transport_role="FrontendTransport", comment="why")
    page = step(admin, "local", go="back", bindings="nonsense", fqdn="a.example")
    assert 'value="X"' in page.text
    assert "why" in page.text
    assert "nonsense" in admin.get(reverse(NEW, args=[DRAFT, "local"])).text
    page = step(admin, "local", bindings="nonsense", fqdn="a.example")
    assert page.status_code == 422
    assert "is no binding. Write address and port" in page.text


def test_another_use_changes_the_presets_but_not_what_was_typed(admin):
    step(admin, "introduction", name="X", usage="Internet", transport_role="FrontendTransport")
    step(admin, "local", bindings="10.2.3.4:25", fqdn="")
    step(
        admin,
        "remote",
        go="back",
        remote_ip_ranges="0.0.0.0-255.255.255.255\n::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    )
    step(admin, "introduction", name="X", usage="Custom", transport_role="FrontendTransport")
    assert "10.2.3.4:25" in admin.get(reverse(NEW, args=[DRAFT, "local"])).text
    assert "255.255.255.255" not in admin.get(reverse(NEW, args=[DRAFT, "remote"])).text


def test_what_conflicts_is_said_at_its_field_and_again_on_the_summary(admin):
    actions.create(ADMIN, receive_connector("Office"))
    step(admin, "introduction", name="Second", usage="Internet", transport_role="FrontendTransport")
    assert "Add at least one address and port" in step(admin, "local", bindings="", fqdn="").text
    step(admin, "local", bindings="10.2.3.4:25", fqdn="")
    assert "nobody could connect otherwise" in step(admin, "remote", remote_ip_ranges="").text
    page = step(admin, "remote", remote_ip_ranges="10.0.0.0/8")
    assert "“Office” answers 10.0.0.0/8 on 10.2.3.4:25 already" in page.context["form"].errors["remote_ip_ranges"][0]
    assert "“Office” answers 10.0.0.0/8" in admin.get(reverse(NEW, args=[DRAFT, "summary"])).text
    assert step(admin, "summary").status_code == 422
    assert Row.objects.count() == 1


def test_a_name_that_is_taken_is_said_on_the_first_page(admin):
    actions.create(ADMIN, receive_connector("Office"))
    page = step(admin, "introduction", name="office", usage="Internet", transport_role="FrontendTransport")
    assert "There is a connector “Office” already" in page.text


@pytest.mark.parametrize("tab", ["general", "security", "scoping", "limits", "extensions", "certificate"])
def test_saving_a_tab_as_it_is_changes_nothing(admin, tab):
    row = actions.create(ADMIN, receive_connector(grants=(Grant(ANONYMOUS, Right.BYPASS_ANTI_SPAM.value),)))
    before = queries.receive(row)
    answer = admin.post(properties(row, tab), entered(admin, row, tab))
    assert answer.status_code == 302
    assert queries.receive(Row.objects.get()) == before
    assert ConfigRevision.objects.count() == 1


def test_a_tab_saves_its_settings(admin):
    row = actions.create(ADMIN, receive_connector())
    data = entered(admin, row, "limits") | {"max_header_size": "64 KB", "max_protocol_errors": "unlimited"}
    page = admin.post(properties(row, "limits"), data, follow=True)
    assert "Office is saved" in page.text
    saved = queries.receive(Row.objects.get())
    assert (saved.max_header_size, saved.max_protocol_errors) == (64 * 1024, None)
    assert "Default: " in page.text
    assert "256 KB" in page.text


def test_errors_stand_at_their_field_with_what_was_typed(admin):
    row = actions.create(ADMIN, receive_connector())
    page = admin.post(properties(row, "general"), entered(admin, row, "general") | {"max_message_size": "much"})
    assert page.status_code == 422
    assert page.context["form"].errors["max_message_size"] == ["Enter a size such as 10MB, 512KB or a number of bytes."]
    assert 'value="much"' in page.text
    page = admin.post(
        properties(row, "scoping"), entered(admin, row, "scoping") | {"remote_ip_ranges": "", "banner": "Hi"}
    )
    assert "nobody could connect" in page.context["form"].errors["remote_ip_ranges"][0]
    assert "must start with 220" in page.context["form"].errors["banner"][0]


def test_what_both_changed_is_asked_about_at_its_field(admin):
    row = actions.create(ADMIN, receive_connector())
    data = entered(admin, row, "general") | {"max_hop_count": "50"}
    actions.update(ADMIN, type(queries.receive(row)), row.pk, {"max_hop_count": 40, "comment": "By Bert"})
    page = admin.post(properties(row, "general"), data)
    assert page.status_code == 422
    assert "Save what I entered: 50" in page.text and "Keep what is saved now: 40" in page.text
    (choice,) = [value for value, _ in page.context["form"].fields["settle-max_hop_count"].choices if "mine" in value]
    actions.update(ADMIN, type(queries.receive(row)), row.pk, {"max_hop_count": 41})
    page = admin.post(properties(row, "general"), data | {"settle-max_hop_count": choice})
    assert "Keep what is saved now: 41" in page.text, "theirs is another one: asked again"
    mine, theirs = [value for value, _ in page.context["form"].fields["settle-max_hop_count"].choices]
    assert admin.post(properties(row, "general"), data | {"settle-max_hop_count": theirs}).status_code == 302
    assert Row.objects.get().max_hop_count == 41
    assert admin.post(properties(row, "general"), data | {"settle-max_hop_count": mine}).status_code == 302
    assert (Row.objects.get().max_hop_count, Row.objects.get().comment) == (50, "By Bert")


def test_what_only_one_changed_is_merged(admin):
    row = actions.create(ADMIN, receive_connector())
    data = entered(admin, row, "general") | {"max_hop_count": "50", "right-0-bypass-anti-spam": "grant"}
    actions.update(ADMIN, type(queries.receive(row)), row.pk, {"comment": "By Bert", "tarpit_interval": 9})
    page = admin.post(properties(row, "general"), data, follow=True)
    assert "What somebody else saved meanwhile stays: " in page.text and "Tarpit interval" in page.text
    saved = queries.receive(Row.objects.get())
    assert (saved.max_hop_count, saved.comment, saved.tarpit_interval) == (50, "By Bert", 9)
    assert saved.grants == (Grant(ANONYMOUS, Right.BYPASS_ANTI_SPAM.value),)


def test_granting_relay_to_strangers_asks_for_the_name(admin):
    row = actions.create(ADMIN, receive_connector("Anonymous Relay", ranges=["192.168.5.77"]))
    data = entered(admin, row, "security") | {"right-0-accept-any-recipient": "grant"}
    page = admin.post(properties(row, "security"), data)
    assert page.status_code == 422
    assert "Anyone at 192.168.5.77 could send mail to any address in the world" in page.text
    assert admin.post(properties(row, "security"), data | {"confirmation": "anonymous relay"}).status_code == 422
    assert not Row.objects.get().grants
    assert admin.post(properties(row, "security"), data | {"confirmation": "Anonymous Relay"}).status_code == 302
    assert queries.receive(Row.objects.get()).grants == (RELAY,)
    assert "relays" in admin.get(reverse("connectors:receive-list")).text


def test_the_matrix_shows_what_groups_give_before_anything_is_saved(admin):
    row = actions.create(ADMIN, receive_connector())
    data = entered(admin, row, "security") | {"permission_groups": ["ExchangeUsers"]}
    page = admin.post(properties(row, "security"), data, headers={"HX-Request": "true", "HX-Target": "preview"})
    lines = {line.right: line.cells for line in page.context["form"].lines()}
    assert not lines[Right.SUBMIT][0].held
    assert lines[Right.SUBMIT][1].held
    assert "nobody may send" in page.text
    assert ConfigRevision.objects.count() == 1


def test_the_greeting_is_previewed(admin):
    row = actions.create(ADMIN, receive_connector())
    data = entered(admin, row, "scoping") | {"fqdn": "mx.contoso.com"}
    page = admin.post(properties(row, "scoping"), data, headers={"HX-Request": "true", "HX-Target": "preview"})
    assert "220 mx.contoso.com Microsoft ESMTP MAIL Service ready at" in page.text


def test_the_answer_to_ehlo_is_previewed_plain_and_on_tls(admin):
    row = actions.create(ADMIN, receive_connector())
    data = entered(admin, row, "extensions") | {"size_enabled": "EnabledWithoutValue"}
    del data["pipelining_enabled"]
    page = admin.post(properties(row, "extensions"), data, headers={"HX-Request": "true", "HX-Target": "preview"})
    plain, on_tls = page.context["ehlo"]
    assert "250-SIZE\n" in plain and "250-STARTTLS" in plain and "PIPELINING" not in plain
    assert "CHUNKING" in on_tls and "STARTTLS" not in on_tls
    assert ConfigRevision.objects.count() == 1


def test_what_nothing_obeys_is_said_with_the_reason(admin):
    row = actions.create(ADMIN, receive_connector())
    for tab in ("general", "extensions", "certificate"):
        text = admin.get(properties(row, tab)).text
        closed = text.partition("<main")[2].partition("<details")[2].partition("</details>")[0]
        assert "Not enforced" in closed
    assert "Microsoft reserved it for its own services." in admin.get(properties(row, "general")).text
    security = admin.get(properties(row, "security")).text
    assert "Exchange Server authentication <span" in security
    assert "<strong>Not enforced:</strong> it proves Exchange servers" in security


def sessions(count, **values):
    from django.utils import timezone

    from console.tracking.models import Session

    event = [timezone.now().isoformat(), ">", "550 5.7.1 Unable to relay", "relay_denied; revision 1"]
    for number in range(count):
        Session.objects.create(
            **{
                "session_id": f"{number:016X}", "transport": "mx1", "connector": "Office", "events": [event],
                "local_endpoint": "10.2.3.4:25", "remote_address": "10.0.0.7", "remote_port": 1000 + number,
                "started_at": timezone.now(), "refused": 1,
            } | values
        )  # fmt: skip


def test_activity_shows_sessions_and_the_last_refusals_with_their_reasons(admin):
    row = actions.create(ADMIN, receive_connector())
    text = admin.get(properties(row, "activity")).text
    assert "Protocol logging is off for this connector" in text and "Nothing was refused" in text
    sessions(2)
    text = admin.get(properties(row, "activity")).text
    for words in ("10.0.0.7", "550 5.7.1 Unable to relay", "is no accepted domain", "?connector=Office"):
        assert words in text


def test_activity_counts_by_the_hour_also_where_nothing_is_logged(admin):
    row = actions.create(ADMIN, receive_connector())
    now = timezone.now().replace(second=0, microsecond=0)
    for what, by, name, connector, n in (
        ("connected", "connector", row.name, "", 5), ("refused", "connector", row.name, "", 2),
        ("connected", "client", "192.0.2.7", row.name, 4), ("connected", "client", "192.0.2.8", "Another", 9),
    ):  # fmt: skip
        Count.objects.create(what=what, by=by, name=name, connector=connector, at=now, n=n)
    text = admin.get(reverse("connectors:receive-activity", args=[row.pk])).text
    assert text.count("data-hour") == 24 and text.count("<rect") == 1
    assert "192.0.2.7" in text and "192.0.2.8" not in text


@pytest.mark.parametrize("tab", ["scoping", "certificate"])
def test_a_certificate_without_the_name_of_the_connector_is_pointed_out(admin, tab):
    certificates.make_self_signed(ADMIN, "Default", ["vm"])
    row = actions.create(ADMIN, receive_connector(fqdn="mail.contoso.com", auth_mechanism=TLS))
    assert "holds vm, not mail.contoso.com" in admin.get(properties(row, tab)).text
    certificates.make_self_signed(ADMIN, "Contoso", ["mail.contoso.com"])
    assert "not mail.contoso.com" not in admin.get(properties(row, tab)).text


def test_clients_behind_one_gateway_are_pointed_out(admin):
    row = actions.create(ADMIN, receive_connector())
    sessions(gateways.RECENT - 1)
    assert "hides who the clients are" not in admin.get(properties(row, "scoping")).text
    sessions(1, session_id="F" * 16)
    assert "came from 10.0.0.7, a private address" in admin.get(properties(row, "scoping")).text
    sessions(1, session_id="E" * 16, remote_address="10.0.0.8")
    assert "hides who the clients are" not in admin.get(properties(row, "scoping")).text


def test_a_connector_for_one_private_address_is_no_gateway(admin):
    row = actions.create(ADMIN, receive_connector(ranges=["10.0.0.7"]))
    sessions(gateways.RECENT)
    assert "hides who the clients are" not in admin.get(properties(row, "scoping")).text


def test_the_list_says_who_may_do_what_and_what_is_wrong(admin):
    from console.publishing.models import Transport

    row = actions.create(ADMIN, receive_connector())
    message = "address is not on this machine"
    Transport.objects.create(
        name="mx1", problems=[{"connector": "Office", "binding": "10.2.3.4:25", "message": message}]
    )
    page = admin.get(reverse("connectors:receive-details", args=[row.pk])).text
    for words in ("10.2.3.4:25", "10.0.0.0/8", "Anonymous users", "Cannot listen", message, "not an open relay"):
        assert words in page


def test_what_is_not_as_usual_is_told_in_words_and_what_is_technical_in_monospace(admin):
    off = receive_connector(early_talker_rejection_enabled=False, banner="220 mail.contoso.com", max_hop_count=60)
    row = actions.create(ADMIN, off)
    told = dict(admin.get(reverse("connectors:receive-details", args=[row.pk])).context["details"])
    assert told["Refuse clients that talk before the greeting"] == "No"
    assert told["Maximum hop count"] == '<div class="mono">60</div>'


def test_sessions_of_all_transports_are_counted_whether_they_are_logged_or_not(admin):
    from console.publishing.models import Transport

    for name, level in (("Heard", ProtocolLoggingLevel.Verbose), ("Unheard", ProtocolLoggingLevel.None_)):
        bindings = [f"10.2.3.{len(name)}:25"]
        unheard = actions.create(ADMIN, receive_connector(name, bindings=bindings, protocol_logging_level=level))
    Transport.objects.create(name="mx1", sessions_by_connector={"Unheard": 2})
    Transport.objects.create(name="mx2", sessions_by_connector={"Unheard": 3, "Removed": 1})
    rows = admin.get(reverse("connectors:receive-list")).context["page"]
    assert [(row.name, row.open_sessions) for row in rows] == [("Heard", 0), ("Unheard", 5)]
    assert ">5</a></dd>" in admin.get(reverse("connectors:receive-activity", args=[unheard.pk])).text


def test_enable_disable_and_remove_in_place(admin):
    row = actions.create(ADMIN, receive_connector())
    act = reverse("connectors:receive-act")
    admin.post(act, {"verb": "disable", "pk": row.pk})
    assert not Row.objects.get().enabled
    admin.post(act, {"verb": "enable", "pk": row.pk})
    assert Row.objects.get().enabled
    admin.post(reverse("connectors:receive-remove"), {"pk": row.pk})
    assert not Row.objects.exists()


def test_removing_the_shield_of_a_relay_asks_for_the_name_of_the_relay(admin):
    actions.create(ADMIN, receive_connector("Relay", grants=(RELAY,)), "Relay")
    shield = actions.create(ADMIN, receive_connector("Shield", ranges=["10.1.0.0/16"]))
    remove = reverse("connectors:receive-remove")
    page = admin.post(remove, {"pk": shield.pk})
    assert page.status_code == 422
    assert "Type “Relay” to confirm" in page.text
    assert Row.objects.count() == 2
    admin.post(remove, {"pk": shield.pk, "confirmation": "Relay"})
    assert Row.objects.get().name == "Relay"


def test_enabling_a_relay_in_the_list_sends_to_its_properties(admin):
    row = actions.create(ADMIN, receive_connector("Relay", grants=(RELAY,), enabled=False))
    page = admin.post(reverse("connectors:receive-act"), {"verb": "enable", "pk": row.pk}, follow=True)
    assert "where its name is asked for" in page.text
    data = entered(admin, row, "general") | {"enabled": "on", "confirmation": "Relay"}
    assert admin.post(properties(row, "general"), data).status_code == 302
    assert Row.objects.get().enabled


def test_who_may_only_look(signed_in):
    row, way_out = actions.create(ADMIN, receive_connector()), actions.create(ADMIN, send_connector())
    reader = signed_in(Role.VIEW_ONLY)
    for url in (properties(row, "security"), reverse("connectors:receive-list"), reverse("connectors:send-list")):
        assert reader.get(url).status_code == 200
    assert reader.get(reverse("connectors:receive-wizard")).status_code == 403
    assert reader.post(properties(row, "general"), {"name": "x"}).status_code == 403
    assert reader.post(reverse("connectors:send-remove"), {"pk": way_out.pk}).status_code == 403
    assert signed_in(Role.HYGIENE_MANAGEMENT).get(reverse("connectors:receive-wizard")).status_code == 302


@pytest.mark.parametrize("text", ["10.2.3.4:25", "10.0.0.0/8", "OFFICE", "ask Jane"])
def test_the_filter_box_finds_what_stands_in_a_connector(admin, text):
    actions.create(ADMIN, receive_connector("Office", comment="ask Jane"))
    actions.create(ADMIN, receive_connector("Other", bindings=["10.9.9.9:25"], ranges=["fc00::/7"]))
    names = [row["name"] for row in admin.get(reverse("connectors:receive-list"), {"q": text}).context["table"]]
    assert names == ["Office"]


def test_an_empty_list_offers_the_first_step(admin):
    page = admin.get(reverse("connectors:receive-list")).text
    assert "Without one nobody can hand in mail" in page
    assert reverse("connectors:receive-wizard") in page


def test_the_defaults_of_other_versions_stand_beside_ours(admin):
    assert reverse("connectors:receive-defaults") in admin.get(reverse("connectors:receive-list")).text
    page = admin.get(reverse("connectors:receive-defaults"))
    found = {line.setting.name: line for line in page.context["different"] + page.context["same"]}
    size = found["MaxMessageSize"]
    assert "36 MB" in page.text
    assert (size.ours, str(size.later), size.differs) == ("10 MB (10,485,760 bytes)", "36 MB (37,748,736 bytes)", True)
    assert found["PipeliningEnabled"].later == "True" and not found["PipeliningEnabled"].differs
    assert not {"LimitScope", "EarlyTalkerRejectionEnabled", "DefaultLogonDomain"} & set(found), "what Exchange has not"


def test_first_start(settings):
    settings.GATEPOST_NODE, settings.GATEPOST_SMTP = "mx1", "127.0.0.1:2525,[::1]:2525"
    actions.first_start()
    actions.first_start()
    made = queries.receive(Row.objects.get())
    assert made.name == "Default Frontend mx1"
    assert list(map(str, made.bindings)) == ["127.0.0.1:2525", "[::1]:2525"]
    assert made.permission_groups == {PermissionGroup.AnonymousUsers}
    assert made.protocol_logging_level.value == "Verbose"
    assert made.remote_ip_ranges == everyone()
