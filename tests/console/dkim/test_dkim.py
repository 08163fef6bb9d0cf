"""DKIM keys in the browser and the shell: made, published, checked in DNS, in use, in turn; never shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.actors import Role
from console.audit.models import Entry
from console.dkim import actions, queries
from console.dkim.models import DkimKey, State
from console.dkim.records import difference, record, strings, tags, zone_line
from console.domains import actions as domains
from tests.console.builders import ADMIN, accepted_domain
from tests.console.management_shell.shell import Shell
from tests.dns_server import DnsServer
from transport.send.dkim import Algorithm

pytestmark = pytest.mark.django_db
RECORD = record(Algorithm.RSA, "MIIBIjANBg")


@pytest.fixture
def dns(monkeypatch):
    """The DNS that the console asks; `publish(key)` puts a key's record there."""
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    with DnsServer({}, ttl=0) as server:
        Shell().run(f"Set-TransportService -ExternalDNSServers 127.0.0.1:{server.port}")
        yield server


def publish(server, *keys):
    for key in keys:
        parts = " ".join(f'"{part}"' for part in strings(queries.text_of(key)))
        server.records[key.record_name, "TXT"] = [parts]


def test_from_the_first_key_to_the_first_signature(admin, dns):
    assert "Keys that sign already go on until new ones do." in admin.get(reverse("dkim:new")).text
    page = admin.post(reverse("dkim:new"), {"domain": "contoso.com", "algorithms": ["rsa-sha256"]}, follow=True)
    key = DkimKey.objects.get()
    page = admin.get(reverse("dkim:details", args=[key.pk]))
    assert key.record_name in page.text and queries.text_of(key) in page.text
    assert key.encrypted_key not in page.text and "PRIVATE" not in page.text
    page = admin.post(reverse("dkim:act"), {"verb": "activate", "pk": key.pk}, follow=True)
    assert "It cannot sign yet. DNS has no record there yet." in page.text
    publish(dns, key)
    page = admin.post(reverse("dkim:act"), {"verb": "check", "pk": key.pk}, follow=True)
    assert "DNS shows the record" in page.text
    admin.post(reverse("dkim:act"), {"verb": "activate", "pk": key.pk})
    assert DkimKey.objects.get().state == State.ACTIVE
    told = Entry.objects.filter(kind="DKIM key").order_by("pk").values_list("verb", flat=True)
    assert list(told) == ["made", "published", "active"]
    assert not any(key.encrypted_key in str(entry.after) for entry in Entry.objects.all())


def test_the_next_key_takes_over_and_the_former_is_revoked_a_week_later(dns):
    (first,) = actions.make(ADMIN, "contoso.com", [Algorithm.RSA])
    publish(dns, first)
    actions.activate(ADMIN, first)
    (second,) = actions.make(ADMIN, "contoso.com", [Algorithm.RSA])
    assert second.selector == f"{first.selector}2"
    publish(dns, second)
    actions.activate(ADMIN, second)
    states = dict(DkimKey.objects.values_list("selector", "state"))
    assert states == {first.selector: State.RETIRING, second.selector: State.ACTIVE}
    actions.go_on()
    assert DkimKey.objects.get(pk=first.pk).state == State.RETIRING
    DkimKey.objects.filter(pk=first.pk).update(retired_at=timezone.now() - timedelta(days=8))
    actions.go_on()
    first.refresh_from_db()
    assert first.state == State.REVOKED and queries.text_of(first) == "v=DKIM1; k=rsa; p="


def test_a_key_of_the_other_kind_signs_beside_it(dns):
    both = actions.make(ADMIN, "contoso.com")
    publish(dns, *both)
    for key in both:
        actions.activate(ADMIN, key)
    assert list(DkimKey.objects.values_list("state", flat=True)) == [State.ACTIVE] * 2


def test_a_record_that_vanishes_is_told(admin, dns):
    (key,) = actions.make(ADMIN, "contoso.com", [Algorithm.ED25519])
    publish(dns, key)
    actions.activate(ADMIN, key)
    dns.records.clear()
    actions.go_on()
    assert "not in DNS" in admin.get(reverse("dkim:list")).text
    page = admin.get(reverse("overview:home"))
    assert "DKIM" in page.text and key.record_name in page.text


def test_an_active_key_is_not_removed_and_a_foreign_domain_gets_none(dns):
    (key,) = actions.make(ADMIN, "contoso.com", [Algorithm.ED25519])
    publish(dns, key)
    actions.activate(ADMIN, key)
    with pytest.raises(ValidationError, match="let it retire first"):
        actions.remove(ADMIN, DkimKey.objects.get())
    with pytest.raises(ValidationError, match=r"fabrikam\.com is no accepted domain"):
        actions.make(ADMIN, "fabrikam.com")


def test_who_only_views_changes_nothing(signed_in, dns):
    viewer = signed_in(Role.VIEW_ONLY)
    assert viewer.get(reverse("dkim:list")).status_code == 200
    assert viewer.post(reverse("dkim:new"), {"domain": "contoso.com", "algorithms": ["rsa-sha256"]}).status_code == 403


def test_the_same_in_the_shell(dns):
    shell = Shell()
    shell.run("New-DkimSigningConfig contoso.com")
    assert "has no record" in str(shell.refused("Set-DkimSigningConfig contoso.com -Enabled $true"))
    publish(dns, *DkimKey.objects.all())
    shell.run("Get-DkimSigningConfig contoso.com | Set-DkimSigningConfig -Enabled $true")
    assert shell.run("(Get-DkimSigningConfig | ? {$_.Enabled} | Measure-Object).Count") == "2"
    shell.run("Rotate-DkimSigningConfig contoso.com")
    assert DkimKey.objects.filter(state=State.MADE).count() == 2
    assert "PRIVATE" not in shell.run("Get-DkimSigningConfig | fl *")
    shell.run("Set-DkimSigningConfig contoso.com -Enabled $false")
    shell.run("Remove-DkimSigningConfig contoso.com -Confirm:$false")
    assert not DkimKey.objects.exists()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "DNS does not answer"),
        ([], "no record there yet"),
        (["v=spf1 -all"], "no record there yet"),
        ([RECORD, RECORD], "several records"),
        (["v=DKIM1; k=ed25519; p=AAAA"], "of another kind"),
        (["v=DKIM2; p=MIIBIjANBg"], "of another kind"),
        (["v=DKIM1; k=rsa; p="], "it is revoked"),
        (["v=DKIM1; p=AAAA"], "Another key"),
        (["v=DKIM1; t=y:s; k=rsa; p=MIIBIjANBg"], "it is a test"),
        (["k = rsa; p = MIIBIj\tANBg;"], ""),
        ([RECORD], ""),
    ],
)
def test_what_dns_shows_in_words(found, words):
    told = difference(RECORD, found)
    assert words in told and bool(words) == bool(told)


@given(st.text(max_size=200))
def test_no_record_is_too_strange(text):
    tags(text)
    assert isinstance(difference(RECORD, [text]), str)


def test_a_long_record_fits_into_dns():
    text = record(Algorithm.RSA, "A" * 392)
    assert [len(part) for part in strings(text)] == [255, len(text) - 255]
    assert zone_line("s._domainkey.contoso.com", text).count('"') == 4
