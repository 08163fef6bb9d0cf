"""The pages of Send connectors, as a browser without JavaScript uses them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions, queries
from console.connectors.models import SendConnector as Row
from console.credentials import actions as credentials
from console.queues.models import Hold
from tests.console.builders import ADMIN, send_connector
from tests.console.page_form import Form
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import SendUsage, SmartHostAuth
from transport.deliver.probe import Finding, Stage, Step
from transport.trace.spoken import Spoken

pytestmark = pytest.mark.django_db


def step(client, page, /, go="next", **entries):
    """Fills a page of the wizard in as it stands, but for `entries`."""
    url = reverse("connectors:send-wizard-step", args=["a1b2c3d4", page])
    sent = Form(client.get(url, follow=True).text).sent
    sent.pop("go", None)
    return client.post(url, sent | entries | {"go": go}, follow=True)


def save(client, row, tab, **entries):
    """A tab with other entries; None is a box that is not ticked."""
    url = reverse("connectors:send-properties", args=[row.pk, tab])
    sent = Form(client.get(url).text).sent | entries
    return client.post(url, {name: value for name, value in sent.items() if value is not None}, follow=True)


def saved() -> object:
    return queries.send(Row.objects.get())


def smart_host(**changes):
    return send_connector(
        changes.pop("name", "Internet"), dns_routing_enabled=False, smart_hosts=("mail.fabrikam.com",), **changes
    )


def test_the_wizard_makes_a_connector_that_delivers_by_mx(admin):
    step(admin, "introduction", name="Internet", usage="Internet")
    assert "Sign-in" not in step(admin, "delivery").text
    page = step(admin, "address-space")
    assert "Mail for all other domains goes to the mail servers (MX) of its recipient’s domain" in page.text.replace(
        "&#x27;", "’"
    )
    page = step(admin, "summary")
    assert "is made and saved as revision 1" in page.text
    assert "New-SendConnector -Name &quot;Internet&quot; -Usage Internet -AddressSpaces" in page.text
    assert saved() == send_connector("Internet", usage=SendUsage.Internet)


def test_the_wizard_makes_a_connector_to_a_smart_host(admin):
    step(admin, "introduction", name="Fabrikam", usage="Custom")
    page = step(admin, "delivery", dns_routing_enabled="False", smart_hosts="mail.fabrikam.com", port="587")
    assert "Sign-in to the smart hosts" in page.text
    step(admin, "sign-in")
    page = step(admin, "address-space", address_spaces="*.fabrikam.com;5\ncontoso.com")
    assert "Mail for *.fabrikam.com and contoso.com leaves through mail.fabrikam.com, port 587" in page.text
    step(admin, "summary")
    made = queries.send(Row.objects.get())
    assert (made.smart_hosts, made.port, made.dns_routing_enabled) == (("mail.fabrikam.com",), 587, False)
    assert [str(space) for space in made.address_spaces] == ["SMTP:*.fabrikam.com;5", "SMTP:contoso.com;1"]


@pytest.mark.parametrize(
    ("usage", "ways"), [("Partner", ["True"]), ("Internal", ["False"]), ("Custom", ["True", "False"])]
)
def test_a_type_offers_only_its_own_ways_of_delivery(admin, usage, ways):
    page = step(admin, "introduction", name="X", usage=usage)
    assert [value for value, _ in page.context["form"].fields["dns_routing_enabled"].choices] == ways


def test_back_and_reload_lose_nothing_even_of_what_is_wrong(admin):
    step(admin, "introduction", name="X", usage="Custom", comment="why")
    page = step(admin, "delivery", go="back", dns_routing_enabled="False", smart_hosts="no host!", port="x")
    assert 'value="X"' in page.text and "why" in page.text
    assert "no host!" in admin.get(reverse("connectors:send-wizard-step", args=["a1b2c3d4", "delivery"])).text
    page = step(admin, "delivery")
    assert page.status_code == 422 and set(page.context["form"].errors) == {"smart_hosts", "port"}


def test_what_is_missing_is_said_at_its_field(admin):
    actions.create(ADMIN, send_connector("Internet"))
    page = step(admin, "introduction", name="internet", usage="Custom")
    assert "There is a connector “Internet” already" in page.context["form"].errors["name"][0]
    step(admin, "introduction", name="Other", usage="Custom")
    page = step(admin, "delivery", dns_routing_enabled="False")
    assert page.context["form"].errors["smart_hosts"] == ["Name at least one smart host, or choose MX routing."]
    page = step(admin, "delivery", dns_routing_enabled="False", smart_hosts="mail.contoso.com")
    page = step(admin, "sign-in", smart_host_auth_mechanism="BasicAuth")
    assert "needs a credential" in page.context["form"].errors["authentication_credential"][0]
    step(admin, "sign-in", smart_host_auth_mechanism="None")
    page = step(admin, "address-space", address_spaces="")
    assert "Add at least one address space" in page.context["form"].errors["address_spaces"][0]


def test_smart_hosts_entered_before_mx_was_chosen_are_let_go(admin):
    step(admin, "introduction", name="X", usage="Custom")
    step(admin, "delivery", dns_routing_enabled="False", smart_hosts="mail.contoso.com")
    step(admin, "delivery", dns_routing_enabled="True")
    step(admin, "address-space", address_spaces="*")
    step(admin, "summary")
    assert saved() == send_connector("X")


def test_a_tab_saves_its_settings(admin):
    row = actions.create(ADMIN, send_connector())
    page = save(admin, row, "delivery", dns_routing_enabled="False", smart_hosts="[10.10.10.100]\nmail.contoso.com")
    assert "Internet is saved" in page.text
    assert queries.send(Row.objects.get()).smart_hosts == ("[10.10.10.100]", "mail.contoso.com")
    page = save(admin, row, "delivery", smart_hosts="")
    assert page.context["form"].errors["smart_hosts"] == ["Name at least one smart host, or choose MX routing."]


def test_which_internal_addresses_mx_records_may_lead_to(admin):
    row = actions.create(ADMIN, send_connector("Branches"))
    page = save(admin, row, "delivery", internal_ip_ranges="ten")
    assert "internal_ip_ranges" in page.context["form"].errors
    save(admin, row, "delivery", internal_ip_ranges="10.1.0.0/16\n192.168.5.77")
    assert [str(each) for each in queries.send(Row.objects.get()).internal_ip_ranges] == ["10.1.0.0/16", "192.168.5.77"]


def test_back_to_mx_lets_go_of_smart_hosts_and_of_the_sign_in_to_them(admin):
    signed = {"smart_host_auth_mechanism": SmartHostAuth.BasicAuth, "authentication_credential": ("Contoso",)}
    row = actions.create(ADMIN, smart_host(**signed))
    save(admin, row, "delivery", dns_routing_enabled="True")
    now = queries.send(Row.objects.get())
    assert (now.smart_hosts, now.smart_host_auth_mechanism) == ((), SmartHostAuth.None_)
    assert "nobody to sign in to" in admin.get(reverse("connectors:send-properties", args=[row.pk, "security"])).text


def test_the_sentence_follows_what_is_entered(admin):
    row = actions.create(ADMIN, send_connector())
    url = reverse("connectors:send-properties", args=[row.pk, "address-space"])
    sent = Form(admin.get(url).text).sent | {"address_spaces": "fabrikam.com"}
    preview = admin.post(url, sent, headers={"HX-Request": "true", "HX-Target": "preview"}).text
    assert "Once saved:" in preview and "Mail for fabrikam.com goes to" in preview
    assert saved() == send_connector()


def test_send_connectors_show_their_port_as_it_is_dialled(admin):
    actions.create(ADMIN, send_connector(port=2525))
    page = admin.get(reverse("connectors:send-list")).text
    assert "2525" in page and "2,525" not in page


def test_a_test_shows_each_step_and_what_was_said(admin, monkeypatch):
    row = actions.create(ADMIN, smart_host())
    found = Finding(
        [Step(Stage.LOOK_UP, "", True, "[192.0.2.1]"), Step(Stage.CONNECTION, "[192.0.2.1]", False, "timed out")],
        [Spoken("*", "timed out Failed to connect", 0.0)],
    )
    asked = []
    monkeypatch.setattr(actions, "probe", lambda *given: asked.append(given[1:4]) or found)
    page = admin.post(
        reverse("connectors:send-test", args=[row.pk]), {"sender": "Anna@X.test", "recipient": "b@y.test"}
    )
    assert asked == [(queries.send(row), "anna@x.test", "b@y.test")]
    assert "It does not work" in page.text and "no firewall is in the way" in page.text
    assert "timed out Failed to connect" in page.text
    entry = Entry.objects.latest("pk")
    assert (entry.verb, entry.object_name) == ("tested", "Internet")
    assert entry.after == {"sender": "anna@x.test", "recipient": "b@y.test", "result": "timed out"}


def test_mail_in_the_clear_is_a_remark_and_no_success(admin, monkeypatch):
    row = actions.create(ADMIN, smart_host())
    found = Finding([Step(Stage.TLS, "mx", True, "In the clear: STARTTLS is not offered", is_doubtful=True)])
    monkeypatch.setattr(actions, "probe", lambda *given: found)
    url = reverse("connectors:send-test", args=[row.pk])
    page = admin.post(url, {"sender": "anna@x.test", "recipient": "b@y.test"}).text
    assert 'class="probe-doubtful"' in page and 'class="probe-good"' not in page
    assert "Security can demand it" in page


def test_who_may_test_and_with_what(admin, signed_in, monkeypatch):
    row = actions.create(ADMIN, smart_host())
    url = reverse("connectors:send-test", args=[row.pk])
    monkeypatch.setattr(actions, "probe", lambda *given: pytest.fail("nothing may be asked"))
    page = admin.post(url, {"sender": "anna\r\nRSET", "recipient": "nobody"})
    assert set(page.context["form"].errors) == {"sender"} and page.status_code == 422
    reader = signed_in(Role.VIEW_ONLY)
    assert reader.post(url, {"sender": "a@x.test", "recipient": "b@y.test"}).status_code == 403
    assert "Sender" in reader.get(url).text


def test_one_test_of_an_administrator_at_a_time(admin, monkeypatch):
    row = actions.create(ADMIN, smart_host())
    url, entries = reverse("connectors:send-test", args=[row.pk]), {"sender": "a@x.test", "recipient": "b@y.test"}
    second = []

    def probe(*given):
        second.append(admin.post(url, entries))
        return Finding([Step(Stage.RECIPIENT, "", True, "250 ok")])

    monkeypatch.setattr(actions, "probe", probe)
    assert "It works" in admin.post(url, entries).text
    assert "Another test of yours is under way" in second[0].text


def credential(name="Fabrikam"):
    wanted = credentials.Wanted(user_name="device@fabrikam.com")
    return credentials.add(ADMIN, name, CredentialKind.Password, wanted, Secrets(password="winter-rain-on-tin"))


def test_the_wizard_offers_the_credentials_that_are_here(admin):
    credential()
    step(admin, "introduction", name="Out", usage="Custom")
    step(admin, "delivery", dns_routing_enabled="False", smart_hosts="mail.fabrikam.com")
    shown = admin.get(reverse("connectors:send-wizard-step", args=["a1b2c3d4", "sign-in"])).text
    new = reverse("credentials:new") + "?draft=a1b2c3d4"
    assert f'<a href="{new}">New credential</a>' in shown, "the way to a new one was no link"
    page = step(admin, "sign-in", smart_host_auth_mechanism="BasicAuthRequireTLS", authentication_credential="Fabrikam")
    step(admin, "address-space", address_spaces="*")
    assert (
        "signed in as Fabrikam" in admin.get(reverse("connectors:send-wizard-step", args=["a1b2c3d4", "summary"])).text
    )
    step(admin, "summary")
    assert queries.send(Row.objects.get()).authentication_credential == ("Fabrikam",)
    assert "winter-rain" not in page.text


def test_a_new_credential_leads_back_into_the_draft_of_the_connector_and_is_chosen_there(admin):
    step(admin, "introduction", name="Out", usage="Custom")
    step(admin, "delivery", dns_routing_enabled="False", smart_hosts="mail.fabrikam.com")
    new = reverse("credentials:new") + "?draft=a1b2c3d4"
    form = new + "&kind=Password"
    assert 'href="?kind=Password&amp;draft=a1b2c3d4"' in admin.get(new).text
    entered = {"name": "Fabrikam", "user_name": "device@fabrikam.com", "password": "winter-rain-on-tin"}
    back = admin.post(form, Form(admin.get(form).text).sent | entered)
    assert back.url == reverse("connectors:send-wizard-step", args=["a1b2c3d4", "sign-in"]) + "?credential=Fabrikam"
    chosen = Form(admin.get(back.url).text).sent
    assert chosen["authentication_credential"] == ["Fabrikam"]
    assert chosen["smart_host_auth_mechanism"] == ["BasicAuthRequireTLS"]


def test_a_credential_that_is_gone_stays_until_another_is_chosen(admin):
    credential("Other")
    signed = {"smart_host_auth_mechanism": SmartHostAuth.BasicAuth, "authentication_credential": ("Gone", "OTHER")}
    row = actions.create(ADMIN, smart_host(**signed))
    page = admin.get(reverse("connectors:send-properties", args=[row.pk, "security"])).text
    assert "Gone (not here any more)" in page and "Other" in page
    save(admin, row, "security", authentication_credential=["OTHER"])
    assert queries.send(Row.objects.get()).authentication_credential == ("OTHER",)


def test_the_list_filters_by_type_and_way(admin):
    actions.create(ADMIN, send_connector("By MX", usage=SendUsage.Internet))
    actions.create(ADMIN, smart_host(name="Over TLS", require_tls=True, enabled=False))
    for query, found in [
        ("usage=Internet", ["By MX"]), ("delivery=False", ["Over TLS"]), ("enabled=False", ["Over TLS"]),
        ("usage=Internet&delivery=False", []),
    ]:  # fmt: skip
        page = admin.get(reverse("connectors:send-list") + f"?{query}")
        assert [row.name for row in page.context["page"]] == found
    page = admin.get(reverse("connectors:send-list")).text
    assert "TLS only" in page and "TLS if offered" in page and "Disabled" in page


def test_what_holds_a_connector_back_is_said_on_its_pages(admin):
    row = actions.create(ADMIN, smart_host())
    Hold.objects.create(connector="Internet", account="", words="535 5.7.3 no", is_fault=True, made_for="x")
    Hold.objects.create(
        connector="Gone", account="", words="over", is_fault=False, until=datetime(2020, 1, 1, tzinfo=UTC), made_for="x"
    )
    for page in ("send-list", "send-details", "send-edit"):
        url = reverse(f"connectors:{page}", args=[] if page == "send-list" else [row.pk])
        text = admin.get(url, follow=True).text
        assert (
            "sends nothing:" in text and "535 5.7.3 no" in text and "over" not in text.split("sends nothing:")[1][:40]
        )


def test_only_ways_to_sign_in_that_there_are_are_offered(admin):
    row = actions.create(ADMIN, smart_host())
    form = admin.get(reverse("connectors:send-properties", args=[row.pk, "security"])).context["form"]
    assert "ExchangeServer" not in dict(form.fields["smart_host_auth_mechanism"].choices)
