"""Every write of accounts at authorities and of what is ordered there. Each raises PermissionDenied, and
ValidationError at the field that cannot stand.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from console import clock
from console.acme import queries
from console.acme.checks import Wanted, WantedAccount, wrong_account, wrong_managed, wrong_name
from console.acme.models import WAY, Account, ManagedCertificate
from console.actors import EVERY_ROLE, Actor, Role
from console.audit.actions import record
from console.certificates import actions as certificates
from console.certificates import keys
from console.certificates.models import Certificate
from console.certificates.published import row_of
from console.sealing import sealed

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})
ACCOUNT, MANAGED = "ACME account", "Managed certificate"
ACME = Actor("ACME", EVERY_ROLE)
"""Who writes what an authority issued."""


@transaction.atomic
def add_account(actor: Actor, name: str, wanted: WantedAccount, eab_key: str = "", agreed: bool = False) -> Account:
    """A new account, which the worker makes at the authority with the first order. `agreed`: to its terms."""
    actor.require(*WRITERS)
    name = name.strip()
    wrong = wrong_name(name, Account) | wrong_account(wanted, eab_key, bool(eab_key))
    if not agreed:
        wrong["agreed"] = _("Without that no authority gives an account.")
    _refuse(wrong)
    key = keys.encrypt(keys.make(keys.P256))
    row = Account(name=name, encrypted_key=key, encrypted_eab=_sealed(eab_key), **vars(wanted))
    row.save()
    record(actor, ACCOUNT, name, "added", None, account_facts(row))
    return row


@transaction.atomic
def change_account(actor: Actor, row: Account, wanted: WantedAccount, eab_key: str = "") -> Account:
    """Other facts; at another directory the account is made anew, and with the next order another contact is told
    there. Its name never changes.
    """
    actor.require(*WRITERS)
    row = Account.objects.select_for_update().get(pk=row.pk)
    _refuse(wrong_account(wanted, eab_key, bool(eab_key or row.encrypted_eab)))
    before, elsewhere = account_facts(row), row.directory != wanted.directory
    if elsewhere:
        row.encrypted_key = keys.encrypt(keys.make(keys.P256))
    if elsewhere or row.contact != wanted.contact:
        row.url = ""
    _put(row, wanted, encrypted_eab=eab_key)
    row.save()
    told = {"EAB key": "a new one was set"} if eab_key else {}
    if told or account_facts(row) != before:
        record(actor, ACCOUNT, row.name, "changed", before, account_facts(row) | told)
        _look_again(ManagedCertificate.objects.filter(account=row), **(_anew(elsewhere=True) if elsewhere else {}))
    return row


@transaction.atomic
def remove_account(actor: Actor, row: Account) -> None:
    """Forgets an account that nothing is ordered with, and its key."""
    actor.require(*WRITERS)
    if users := queries.ordered_with(row):
        text = _("%(name)s is in use by %(users)s. Choose another account there first.")
        raise ValidationError(text % {"name": row.name, "users": ", ".join(users)})
    record(actor, ACCOUNT, row.name, "removed", account_facts(row), None)
    row.delete()


@transaction.atomic
def add(actor: Actor, name: str, wanted: Wanted, tsig_secret: str = "") -> ManagedCertificate:
    """What is ordered from now on; the worker begins at once. A certificate of that name is replaced by it."""
    actor.require(*WRITERS)
    name = name.strip()
    _refuse(wrong_name(name, ManagedCertificate) | wrong_managed(wanted, tsig_secret, bool(tsig_secret)))
    row = ManagedCertificate(name=name, encrypted_tsig=_sealed(tsig_secret), **vars(wanted), renew_at=clock.now())
    row.save()
    record(actor, MANAGED, name, "added", None, facts(row))
    return row


@transaction.atomic
def change(actor: Actor, row: ManagedCertificate, wanted: Wanted, tsig_secret: str = "") -> ManagedCertificate:
    """Orders otherwise: at once, where another certificate is wanted than the one that is there."""
    actor.require(*WRITERS)
    row = ManagedCertificate.objects.select_for_update().get(pk=row.pk)
    _refuse(wrong_managed(wanted, tsig_secret, bool(tsig_secret or row.encrypted_tsig)))
    before, anew = facts(row), _what_is_anew(row, wanted, tsig_secret)
    _put(row, wanted, encrypted_tsig=tsig_secret)
    row.save(update_fields=[*vars(wanted), "encrypted_tsig"])
    told = {"TSIG secret": "a new one was set"} if tsig_secret else {}
    if told or facts(row) != before:
        record(actor, MANAGED, row.name, "changed", before, facts(row) | told)
        _look_again(ManagedCertificate.objects.filter(pk=row.pk), **anew)
    row.refresh_from_db()
    return row


def renew(actor: Actor, row: ManagedCertificate) -> None:
    """Orders the next certificate now, unless the authority wants to hear nothing for a while; an order that is under
    way goes on, however often somebody asks for it.
    """
    actor.require(*WRITERS)
    if row.waits_until and row.waits_until > clock.now():
        text = _("The authority wants to hear nothing before %s: it is ordered then.")
        raise ValidationError(text % f"{row.waits_until:%Y-%m-%d %H:%M} UTC")
    with transaction.atomic():
        row = ManagedCertificate.objects.select_for_update().get(pk=row.pk)
        _look_again(ManagedCertificate.objects.filter(pk=row.pk), **({} if row.is_under_way else _anew()))
        record(actor, MANAGED, row.name, "renewed now", None, {"Names": ", ".join(row.names)})


@transaction.atomic
def remove(actor: Actor, row: ManagedCertificate) -> None:
    """Orders it no more; a worker takes back what is laid out for it. The certificate that is there stays until its
    end.
    """
    actor.require(*WRITERS)
    record(actor, MANAGED, row.name, "removed", facts(row), None)
    row.delete()


def show(name: str, chain: str, encrypted_key: str) -> None:
    """What was issued in place of what was there. Whoever died right behind it does it again, and nothing changes."""
    held = Certificate.objects.filter(name__iexact=name).first()
    if held and held.fingerprint == row_of(name, chain, encrypted_key).fingerprint:
        return
    certificates.put(ACME, name, chain, encrypted_key)


def _put(row: Account | ManagedCertificate, wanted: WantedAccount | Wanted, **secrets: str) -> None:
    """What is wanted into a row, and each secret of which there is a new one."""
    fresh = {name: _sealed(secret) for name, secret in secrets.items() if secret}
    for name, value in (vars(wanted) | fresh).items():
        setattr(row, name, value)


def _look_again(rows: Any, **progress: Any) -> None:
    """The worker looks at once."""
    rows.update(next_step=Now(), **progress)


def _anew(elsewhere: bool = False) -> dict[str, Any]:
    """The progress of what is ordered now: an order that is under way is given up. `elsewhere`: at another authority,
    which has not asked us to wait.
    """
    given_up = {"renew_at": clock.now(), "order_url": "", "chain": "", "switch_at": None}
    return given_up | ({"waits_until": None} if elsewhere else {})


def _what_is_anew(row: ManagedCertificate, wanted: Wanted, tsig_secret: str) -> dict[str, Any]:
    """All, where another certificate is wanted; where names are proved in another way an order that is under way."""
    held, elsewhere = queries.certificate(row), wanted.account.pk != row.account.pk
    same_names = held is not None and set(wanted.names) <= set(held.names) and wanted.names == row.names
    if elsewhere or not same_names or wanted.key_type != row.key_type:
        return _anew(elsewhere)
    facts_of_way = vars(wanted).keys() & set(WAY)
    is_other_way = tsig_secret or any(getattr(row, name) != getattr(wanted, name) for name in facts_of_way)
    return {"order_url": ""} if is_other_way else {}


def account_facts(row: Account) -> dict[str, Any]:
    """What the change history keeps of an account; nothing of its keys."""
    return {
        "Directory": row.directory, "Contact": row.contact, gettext_noop("EAB key ID"): row.eab_key_id,
        "Trusted root": _fingerprints(row.trusted_root),
    }  # fmt: skip


def facts(row: ManagedCertificate) -> dict[str, Any]:
    """What the change history keeps of what is ordered; nothing of secrets."""
    return {
        "Names": ", ".join(row.names), "Account": row.account.name, "Key": row.key_type,
        gettext_noop("Keep the key"): row.keep_key, "Preferred chain": row.preferred_chain,
        gettext_noop("Challenge"): row.challenge, "DNS server": row.dns_server, "Zone": row.dns_zone,
        gettext_noop("TSIG key"): row.tsig_name, gettext_noop("TSIG algorithm"): row.tsig_algorithm, "Hook": row.hook,
    }  # fmt: skip


def _fingerprints(pem: str) -> str:
    found = x509.load_pem_x509_certificates(pem.encode()) if pem else []
    return ", ".join(each.subject.rfc4514_string() for each in found)


def _sealed(secret: str) -> str:
    return sealed(secret.encode()) if secret else ""


def _refuse(wrong: dict[str, str]) -> None:
    if wrong:
        raise ValidationError(wrong)
