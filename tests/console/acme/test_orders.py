"""Certificates ordered from a real authority (pebble), whose questions the console's own view answers."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from django.core.exceptions import ValidationError

from console.acme import actions, dns_hooks, dns_updates, tlsa, work
from console.acme.authority import Authority
from console.acme.checks import Wanted, WantedAccount
from console.acme.models import Account, Challenge, LaidOut, ManagedCertificate
from console.audit.models import Entry
from console.certificates import actions as certificates
from console.certificates import keys
from console.certificates import queries as shown
from console.certificates.models import Certificate
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector
from console.overview import certificate_rules
from console.publishing import queries as publishing
from tests.console.acme.pebble import BINDINGS, KEY_NAME, KEY_SECRET, ROOT, needs_pebble, running
from tests.console.builders import ADMIN, receive_connector

pytestmark = [pytest.mark.django_db, needs_pebble]
NAMES = ["mail.contoso.test", "mx1.contoso.test"]


@pytest.fixture
def account(pebble):
    wanted = WantedAccount(directory=pebble.directory, contact="admin@contoso.test", trusted_root=ROOT)
    return actions.add_account(ADMIN, "Test authority", wanted, agreed=True)


@pytest.fixture
def by_update(account, zone):
    wanted = Wanted(names=[*NAMES, "*.contoso.test"], account=account, challenge=Challenge.UPDATE)
    return replace(
        wanted, dns_server=f"127.0.0.1:{zone.port}", dns_zone="contoso.test", tsig_name=KEY_NAME.rstrip("."),
        tsig_algorithm="hmac-sha256",
    )  # fmt: skip


def held(name: str = "Mail") -> Certificate:
    return Certificate.objects.get(name=name)


def again(row: ManagedCertificate) -> ManagedCertificate:
    """It is due, and looked at now."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    ManagedCertificate.objects.filter(pk=row.pk).update(next_step=past, renew_at=past)
    row.refresh_from_db()
    return row


def test_a_certificate_comes_by_http_01_and_connectors_show_it(account, order, console):
    certificates.make_self_signed(ADMIN, "Former", NAMES)
    connectors.create(ADMIN, receive_connector("Internet", fqdn="mail.contoso.test"))
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    assert row.problem == "", row.told
    assert set(held().names) == set(NAMES)
    leaf = x509.load_pem_x509_certificates(held().chain.encode())[0]
    assert leaf.issuer.rfc4514_string().startswith("CN=Pebble")
    assert [one.name for one in shown.used_by(held(), shown.current())] == ["Internet"]
    assert {host.partition(":")[0] for host, _, status in console.asked if status == 200} == set(NAMES)
    newest = publishing.newest()
    assert (newest.author, newest.comment) == ("ACME", "Certificate Mail: ordered")
    assert not LaidOut.objects.exists()
    secret = keys.pem(keys.decrypt(held().encrypted_key))
    assert secret not in str(list(Entry.objects.values())) and row.encrypted_key == ""


def test_an_order_goes_on_though_the_contact_is_taken_away_meanwhile(account, order):
    """Which the authority is told (RFC 8555 §7.3.2)."""
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES[:1], account=account)), lambda now: now.order_url)
    wanted = WantedAccount(directory=account.directory, trusted_root=ROOT)
    assert not actions.change_account(ADMIN, account, wanted).url
    row = order(row)
    assert (row.problem, [words for _at, words in row.told if "found, at" in words]) == ("", 2 * [row.told[0][1]])
    assert Account.objects.get().url == row.account.url
    assert "contact" not in Authority(row.account)._post(row.account.url).json()


def test_it_is_renewed_and_those_that_name_it_name_the_new_one(account, order):
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    former = held()
    named = shown.identifier(former)
    connectors.create(ADMIN, receive_connector("Internet", fqdn="mail.contoso.test", tls_certificate_name=named))
    before = publishing.newest().number
    actions.renew(ADMIN, row)
    row.refresh_from_db()
    assert order(row).problem == "", row.told
    assert held().fingerprint != former.fingerprint and held().pk == former.pk
    assert ReceiveConnector.objects.get().tls_certificate_name in ("", shown.identifier(held()))
    assert publishing.newest().number == before + 1
    due = held().not_after - (held().not_after - held().not_before) / 3
    work.go_on()
    row.refresh_from_db()
    assert not row.is_under_way and abs(shown.renewal(held().not_before, held().not_after, None) - due) < timedelta(1)


def test_names_are_proved_by_dynamic_updates_also_where_an_alias_leads(by_update, order, zone):
    zone.records["_acme-challenge.mx1.contoso.test", "CNAME"] = "proofs.contoso.test."
    zone.updates.clear()
    row = order(actions.add(ADMIN, "Mail", by_update, KEY_SECRET))
    assert row.problem == "", row.told
    assert "*.contoso.test" in held().names
    assert {"_acme-challenge.mail.contoso.test", "_acme-challenge.contoso.test", "proofs.contoso.test"} == set(
        zone.updates
    )
    assert not zone.texts and not LaidOut.objects.exists()


def laid_out(row):
    """As far as something stands in DNS for it."""
    return LaidOut.objects.filter(managed=row, is_set=True).exists()


def test_what_is_in_dns_goes_the_way_it_came_though_another_is_chosen(by_update, order, zone):
    row = order(actions.add(ADMIN, "Mail", replace(by_update, names=NAMES), KEY_SECRET), laid_out)
    assert zone.texts
    row = order(actions.change(ADMIN, row, Wanted(names=NAMES, account=by_update.account)))
    assert row.problem == "" and not zone.texts and not LaidOut.objects.exists()


def test_what_was_laid_out_for_one_that_is_removed_is_taken_back_by_a_worker(by_update, order, zone):
    row = order(actions.add(ADMIN, "Mail", by_update, KEY_SECRET), laid_out)
    zone.updates.clear()
    actions.remove(ADMIN, row)
    assert zone.texts and not zone.updates
    work.go_on()
    assert not zone.texts and not LaidOut.objects.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may write dns-hooks.toml")
def test_names_are_proved_by_a_command(account, order, zone, tmp_path, monkeypatch):
    monkeypatch.setenv("GATEPOST_HOOKS", str(tmp_path))
    zone.hooked = tmp_path / "texts"
    add = f'echo "$ACME_RECORD $ACME_VALUE" >> {zone.hooked}'
    remove = f'sed -i "/$ACME_VALUE/d" {zone.hooked}'
    commands = [f"{verb} = ['/bin/sh', '-c', '{run}']" for verb, run in (("add", add), ("remove", remove))]
    (tmp_path / dns_hooks.FILE).write_text("\n".join(["[provider]", *commands]))
    wanted = Wanted(names=["*.contoso.test"], account=account, challenge=Challenge.HOOK, hook="provider")
    row = order(actions.add(ADMIN, "Mail", wanted))
    assert row.problem == "" and held().names == ["*.contoso.test"], row.told
    assert zone.hooked.read_text() == ""


def test_a_dns_server_that_knows_another_key(by_update, order):
    row = order(actions.add(ADMIN, "Mail", by_update, "b3RoZXItc2VjcmV0LW9mLWEta2V5"))
    assert "DNS server" in row.problem and not Certificate.objects.exists()
    (concern,) = certificate_rules.orders()
    assert row.problem in concern.text and concern.is_bad


def test_an_order_goes_on_though_each_step_dies_before_it_is_written_down(by_update, order, monkeypatch):
    step, killed = work._step, []

    class Killed(BaseException):
        pass

    def dying(row):
        found = step(row)
        killed.append(row.pk)
        if len(killed) % 2:
            raise Killed
        return found

    monkeypatch.setattr(work, "_step", dying)
    add, tried = dns_updates.add, []

    def dying_first(way, record, value):
        tried.append(record)
        if len(tried) == 1:
            raise Killed
        return add(way, record, value)

    monkeypatch.setattr(dns_updates, "add", dying_first)
    go_on = work.go_on

    def started_again():
        with suppress(Killed):
            go_on()

    monkeypatch.setattr(work, "go_on", started_again)
    row = order(actions.add(ADMIN, "Mail", by_update, KEY_SECRET))
    assert row.problem == "" and len(killed) > 6 and len(tried) > 1
    assert publishing.newest().comment in ("Certificate Mail: ordered", "Certificate Mail: renewed")


def test_a_name_that_cannot_be_proved_keeps_the_former_certificate(account, order, monkeypatch):
    certificates.make_self_signed(ADMIN, "Mail", NAMES)
    former = held().fingerprint
    monkeypatch.setattr("console.acme.well_known.PLACE", "/elsewhere/")
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    assert "The authority says: " in row.problem and held().fingerprint == former
    assert row.next_step > datetime.now(UTC) + timedelta(minutes=4) and not row.is_under_way


def test_an_authority_that_forgot_the_account_makes_it_anew(account, order):
    Account.objects.update(url=account.directory.replace("/dir", "/my-account/4711"))
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    assert row.problem and Account.objects.get().url == ""
    assert order(again(row), lambda now: not now.renew_at).problem == ""


def test_accounts_that_are_bound_to_one_that_is_there(tmp_path, zone, console, order):
    ((kid, secret),) = BINDINGS.items()
    with running(tmp_path / "pebble", zone, console.port, bound=True) as pebble:
        wanted = WantedAccount(directory=pebble.directory, trusted_root=ROOT)
        unbound = actions.add_account(ADMIN, "Unbound", wanted, agreed=True)
        row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=unbound)))
        assert "externalAccountBinding" in row.problem
        bound = actions.change_account(ADMIN, unbound, replace(wanted, eab_key_id=kid), secret)
        assert secret not in str(list(Entry.objects.values())) + str(vars(bound))
        row.refresh_from_db()
        assert order(again(row), lambda now: not now.renew_at).problem == "", row.told


def test_a_new_key_waits_until_dns_names_it_and_a_kept_one_does_not(account, order, zone, admin):
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES[:1], account=account)))
    former = held().fingerprint

    def publish(chain):
        owner, _, record = tlsa.to_publish(NAMES[:1], chain)[0].partition(". 3600 IN TLSA ")
        zone.records[owner, "TLSA"] = "\n".join(filter(None, [zone.records.get((owner, "TLSA"), ""), record]))

    publish(held().chain)
    waits = order(again(row), lambda now: now.chain and "TLSA" in now.told[-1][1])
    assert held().fingerprint == former and [each.name for each in certificate_rules.orders()] == ["Mail"]
    assert (
        tlsa.to_publish(NAMES[:1], waits.chain)[0].rpartition(" ")[2]
        in admin.get(f"/protection/certificates/acme/{row.pk}/").content.decode()
    )
    publish(waits.chain)
    past = datetime.now(UTC) - timedelta(seconds=1)
    ManagedCertificate.objects.update(next_step=past)
    work.go_on()
    row.refresh_from_db()
    assert row.switch_at and held().fingerprint == former
    ManagedCertificate.objects.update(next_step=past, switch_at=past)
    row.refresh_from_db()
    assert order(row).problem == "" and held().fingerprint != former
    former = held().fingerprint
    kept = actions.change(ADMIN, row, Wanted(names=NAMES[:1], account=account, keep_key=True))
    assert order(again(kept)).problem == "" and held().fingerprint != former


def test_a_chain_that_does_not_fit_is_not_shown_and_says_why(account, order, monkeypatch):
    certificates.make_self_signed(ADMIN, "Mail", NAMES)
    former = held().fingerprint
    monkeypatch.setattr(work.verdict, "preferred", lambda chains, _: x509_without_issuer(chains[0]))
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    assert row.problem.startswith("The certificate that was issued is not used. ") and held().fingerprint == former


def x509_without_issuer(chain: str) -> str:
    """The chain, below another's certificate."""
    return certificates.make_self_signed(ADMIN, "Other", NAMES).chain


def test_names_that_a_connector_shows_are_not_lost_by_an_order(account, order, monkeypatch):
    """An authority issues the same but a few times in a week: nothing is ordered that could not be shown."""
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    connectors.create(ADMIN, receive_connector("Internet", fqdn=NAMES[0]))
    monkeypatch.setattr("console.acme.authority.Authority.order", lambda *_: pytest.fail("it was ordered"))
    row = order(actions.change(ADMIN, row, Wanted(names=NAMES[1:], account=account)))
    assert row.problem.startswith("Nothing is ordered. The connector Internet shows it as mail.contoso.test")


def test_a_managed_certificate_is_not_removed_by_mistake(account, order):
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    with pytest.raises(ValidationError, match="is ordered by ACME"):
        certificates.remove(ADMIN, held().pk)
    with pytest.raises(ValidationError, match="is in use by Mail"):
        actions.remove_account(ADMIN, account)
    actions.remove(ADMIN, row)
    certificates.remove(ADMIN, held().pk)
    actions.remove_account(ADMIN, account)
