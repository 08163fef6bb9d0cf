"""An accepted domain for what others own is confirmed by its name on every way in, and named everywhere afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as ConnectorRow
from console.domains import actions as domains
from console.domains.models import AcceptedDomain as Row
from console.publishing import queries
from console.publishing.relay_guard import RelayNotConfirmed
from console.publishing.restore import restore
from tests.console.builders import ADMIN, accepted_domain, numbers, receive_connector
from tests.console.management_shell.shell import Shell
from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.endpoint import everyone
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import ReceiveConnector

pytestmark = pytest.mark.django_db
EXTERNAL = DomainType.ExternalRelay
INTERNET = {"remote_ip_ranges": everyone(), "bindings": ["0.0.0.0:25"]}


@pytest.fixture(autouse=True)
def our_domain() -> None:
    domains.create(ADMIN, accepted_domain("ours.example"))


def wide(name: str = "*.com", **changes: Any) -> Row:
    made = accepted_domain(name, **{"domain_type": EXTERNAL} | changes)
    return domains.create(ADMIN, made, {name})


def internet(**changes: Any) -> ConnectorRow:
    return connectors.create(ADMIN, receive_connector("Internet", **INTERNET | changes))


def add(admin: Any, name: str, **entries: str) -> Any:
    data = numbers(AcceptedDomain) | {"domain_name": name, "name": "", "domain_type": "ExternalRelay"}
    return admin.post(reverse("domains:new"), data | entries, follow=True)


@pytest.mark.parametrize("name", ["*.com", "*.co.uk", "*.рф", "*.GitHub.io", "*.kawasaki.jp"])
@pytest.mark.parametrize("kind", ["Authoritative", "InternalRelay", "ExternalRelay"])
def test_the_form_asks_for_the_name_of_a_new_one(admin: Any, name: str, kind: str) -> None:
    internet()
    page = add(admin, name, domain_type=kind)
    assert page.status_code == 422 and Row.objects.count() == 1
    asked = next(iter(page.context["form"].dangers))
    assert f"Type “{asked}” to confirm" in page.text
    assert ("Everyone on the Internet could send mail to every ." in page.text) is (kind != "Authoritative")
    assert ("would be taken and kept here" in page.text) is (kind == "Authoritative")
    assert add(admin, name, domain_type=kind, confirmation=asked.upper() + "x").status_code == 422
    assert add(admin, name, domain_type=kind, confirmation=asked).status_code == 200
    assert Row.objects.filter(domain_name=asked).exists()


def test_a_domain_for_everything_is_an_open_relay_and_asks_for_its_name(admin: Any) -> None:
    internet()
    page = add(admin, "*")
    assert page.status_code == 422 and "an open relay" in page.text and "Type “*” to confirm" in page.text
    assert add(admin, "*", confirmation="*").status_code == 200
    row = ConnectorRow.objects.get(name="Internet")
    assert "every domain" in admin.get(reverse("connectors:receive-details", args=[row.pk])).text


def test_the_shell_takes_a_domain_for_everything_by_its_name_only() -> None:
    internet()
    shell = Shell()
    command = 'New-AcceptedDomain -Name all -DomainName "*" -DomainType InternalRelay'
    assert "an open relay" in str(shell.refused(command))
    shell.run(f'{command} -ConfirmRelay "*"')
    assert Row.objects.filter(domain_name="*").exists()


@pytest.mark.parametrize("name", ["*.contoso.com", "*.contoso.co.uk", "com", "contoso.com"])
def test_a_domain_of_ones_own_needs_no_confirmation(admin: Any, name: str) -> None:
    internet()
    assert add(admin, name).status_code == 200
    assert Row.objects.filter(domain_name=name).exists()


def edit(admin: Any, row: Row, **entries: str) -> Any:
    data = numbers(AcceptedDomain)
    data |= {"name": row.name, "domain_type": row.domain_type, "version": str(row.version)}
    return admin.post(reverse("domains:edit", args=[row.pk]), data | entries)


def test_letting_it_stand_for_its_subdomains_asks(admin: Any) -> None:
    row = domains.create(ADMIN, accepted_domain("com", domain_type=EXTERNAL))
    page = edit(admin, row, match_subdomains="on")
    assert page.status_code == 422 and "Type “com” to confirm" in page.text
    assert edit(admin, row, match_subdomains="on", confirmation="com").status_code == 302
    row.refresh_from_db()
    assert row.match_subdomains
    assert edit(admin, row, match_subdomains="on", address_book_enabled="on").status_code == 302, "it is confirmed"
    row.refresh_from_db()
    assert edit(admin, row).status_code == 302, "less opens nothing"


def test_sending_on_what_was_kept_asks_again(admin: Any) -> None:
    row = wide(domain_type=DomainType.Authoritative)
    page = edit(admin, row, domain_type="InternalRelay")
    assert page.status_code == 422 and "Whoever may send here could send mail to every .com domain" in page.text
    assert edit(admin, row, domain_type="InternalRelay", confirmation="*.com").status_code == 302
    row.refresh_from_db()
    assert edit(admin, row, domain_type="ExternalRelay").status_code == 302
    row.refresh_from_db()
    assert edit(admin, row, domain_type="Authoritative").status_code == 302


def test_taking_away_what_hid_one_asks_for_its_name(admin: Any) -> None:
    wide("com", match_subdomains=True)
    hiding = wide("*.com", domain_type=DomainType.Authoritative)
    page = admin.post(reverse("domains:remove"), {"pk": hiding.pk})
    assert page.status_code == 422 and "Type “com” to confirm" in page.text
    admin.post(reverse("domains:remove"), {"pk": hiding.pk, "confirmation": "com"})
    assert not Row.objects.filter(pk=hiding.pk).exists()


def test_the_shell_asks_and_takes_no_yes_for_it() -> None:
    shell = Shell()
    new = "New-AcceptedDomain -Name Everyone -DomainName *.com -DomainType ExternalRelay"
    for attempt in ("", " -Confirm:$false", " -ConfirmRelay Everyone", " -ConfirmRelay *.COM"):
        assert '-ConfirmRelay "*.com"' in str(shell.refused(new + attempt))
    assert Row.objects.count() == 1
    shell.run(f"{new} -ConfirmRelay *.com")
    shell.run("Set-AcceptedDomain Everyone -Name Every")
    shell.run("New-AcceptedDomain -Name uk -DomainName uk -DomainType InternalRelay")
    assert shell.refused("Set-AcceptedDomain uk -MatchSubDomains $true -Confirm:$false").parameter == "ConfirmRelay"
    shell.typed = "uk"
    shell.run("Set-AcceptedDomain uk -MatchSubDomains $true")
    assert [each.domain_name for each in queries.saved().accepted_domains] == ["*.com", "ours.example", "uk"]


def test_what_was_exported_as_a_script_confirms_by_itself_what_stood() -> None:
    wide()
    wide("uk", match_subdomains=True)
    connectors.create(ADMIN, receive_connector("Internet", **INTERNET), "Internet")
    before = queries.saved()
    commands = Shell().run("Export-GatepostConfiguration")
    ConnectorRow.objects.all().delete()
    Row.objects.all().delete()
    Shell().run(commands)
    assert (queries.saved().accepted_domains, queries.saved().receive_connectors) == (
        before.accepted_domains,
        before.receive_connectors,
    )


def test_an_import_asks(admin: Any) -> None:
    exported = {"DomainName": "*.com", "Name": "Everyone", "DomainType": "ExternalRelay", "Default": False}
    admin.post(reverse("moving_in:hand-in"), {"text": json.dumps([exported])})
    preview = reverse("moving_in:preview")
    page = admin.get(preview)
    assert "Strangers cannot relay afterwards" not in page.text
    assert "Whoever may send here could send mail to every .com domain" in page.text
    assert admin.post(preview, {"go": "apply"}).status_code == 422
    assert Row.objects.count() == 1
    assert admin.post(preview, {"go": "apply", "confirmation": "*.com"}).status_code == 302
    assert Row.objects.get(domain_name="*.com").domain_type == "ExternalRelay"


def test_restoring_a_revision_asks() -> None:
    row = wide()
    number = queries.newest().number
    domains.remove(ADMIN, row.pk)
    with pytest.raises(RelayNotConfirmed) as caught:
        restore(ADMIN, number)
    assert list(caught.value.dangers) == ["*.com"]
    restore(ADMIN, number, {"*.com"})
    assert Row.objects.filter(domain_name="*.com").exists()


@pytest.mark.parametrize("name", ["*.com", "*", "not a domain"])
def test_a_first_start_is_refused_in_words(name: str, home: Path, settings: Any) -> None:
    settings.GATEPOST_DOMAIN = name
    Row.objects.all().delete()
    queries.ConfigRevision.objects.all().delete()
    with pytest.raises(CommandError, match=rf"GATEPOST_DOMAIN={name.replace('*', '[*]')}: .+"):
        call_command("prepare")
    assert not Row.objects.exists()


def changes() -> dict[str, dict[str, Any]]:
    nobody: dict[str, Any] = {"permission_groups": frozenset()}
    everybody = {"permission_groups": frozenset({PermissionGroup.AnonymousUsers})}
    return {
        "rights": {"before": nobody, "after": everybody},
        "enabled": {"before": {"enabled": False}, "after": {"enabled": True}},
        "ranges": {"before": {"remote_ip_ranges": everyone()[1:]}, "after": {"remote_ip_ranges": everyone()}},
    }


@pytest.mark.parametrize("what", changes())
def test_a_connector_that_lets_strangers_in_to_one_that_stood_asks_for_its_own_name(what: str) -> None:
    wide()
    before, after = changes()[what].values()
    names = {"Internet"} if what == "ranges" else ()
    row = connectors.create(ADMIN, receive_connector("Internet", **INTERNET | before), names)
    with pytest.raises(RelayNotConfirmed) as caught:
        connectors.update(ADMIN, ReceiveConnector, row.pk, after)
    assert list(caught.value.dangers) == ["Internet"]
    assert "could send mail to every .com domain" in caught.value.dangers["Internet"]
    connectors.update(ADMIN, ReceiveConnector, row.pk, after, confirmed_name="Internet")


def test_the_wizard_asks_when_one_stands(admin: Any) -> None:
    wide()
    pages = {
        "introduction": {"name": "Second", "usage": "Internet", "transport_role": "FrontendTransport"},
        "local": {"bindings": "0.0.0.0:2525", "fqdn": ""},
        "remote": {"remote_ip_ranges": "0.0.0.0-255.255.255.255"},
        "summary": {},
    }
    for page, entries in pages.items():
        found = admin.post(
            reverse("connectors:receive-wizard-step", args=["a1b2c3d4", page]), {"go": "next", **entries}
        )
    assert found.status_code == 422 and "Type “Second” to confirm" in found.text
    assert "and every .com domain, up to 10 MB" in found.text and "Strangers cannot relay" not in found.text
    summary = reverse("connectors:receive-wizard-step", args=["a1b2c3d4", "summary"])
    assert admin.post(summary, {"go": "next", "confirmation": "Second"}).status_code == 302
    assert ConnectorRow.objects.get().name == "Second"


def test_nothing_calls_a_connector_closed_afterwards(admin: Any) -> None:
    row = internet()
    closed = admin.get(reverse("connectors:receive-details", args=[row.pk])).text
    assert "not an open relay" in closed and "to your accepted domains only" in closed
    assert "open relay" not in admin.get(reverse("overview:home")).text
    wide()
    details = admin.get(reverse("connectors:receive-details", args=[row.pk])).text
    assert "not an open relay" not in details and "accepted domains only" not in details
    assert "Without signing in: to your accepted domains and every .com domain" in details
    assert "public addresses</span>" in details
    assert "-ConfirmRelay &quot;Internet&quot;" in details
    assert "relays</span>" in admin.get(reverse("connectors:receive-list")).text
    for tab in ("security", "scoping", "general"):
        page = admin.get(reverse("connectors:receive-properties", args=[row.pk, tab])).text
        assert "This is an open relay: everyone on the Internet may send to every .com domain through it." in page
    overview = admin.get(reverse("overview:home")).text
    assert "This is an open relay: everyone on the Internet may send to every .com domain through it." in overview
    assert "The accepted domain *.com takes mail for every .com domain: a relay in effect." in overview


def test_one_that_keeps_its_mail_is_named_but_is_no_relay(admin: Any) -> None:
    row = internet()
    wide(domain_type=DomainType.Authoritative)
    details = admin.get(reverse("connectors:receive-details", args=[row.pk])).text
    assert "takes mail for every .com domain</span>" in details and "not an open relay" not in details
    assert "relays</span>" not in admin.get(reverse("connectors:receive-list")).text
    assert "which is hardly yours" in admin.get(reverse("overview:home")).text
