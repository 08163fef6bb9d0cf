"""Every write of certificates. Each raises PermissionDenied, and ValidationError at the field that cannot stand."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console.actors import SYSTEM, Actor, Role
from console.audit import actions as audit
from console.certificates import issuing, keys, queries, reading
from console.certificates.models import Authority, Certificate, Request
from console.certificates.published import CERTIFICATE, row_of
from console.publishing.actions import change
from console.publishing.published import Published, every_kind
from console.publishing.settings_rows import SettingsRows
from transport.config.receive_connector import ReceiveConnector

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})
REQUEST, AUTHORITY = "Certificate request", "Internal authority"
LEAST_PASSWORD = 8
NAMING = "tls_certificate_name"


def make_self_signed(actor: Actor, name: str, names: list[str], kind: str = keys.P256) -> Certificate:
    """A new certificate that vouches for itself."""
    actor.require(*WRITERS)
    key = keys.make(kind)
    return _add(actor, row_of(name, issuing.self_signed(key, names), keys.encrypt(key)), "created")


def issue(actor: Actor, name: str, names: list[str], kind: str = keys.P256) -> Certificate:
    """A new certificate from the internal authority, which is made when it is needed first."""
    actor.require(*WRITERS)
    with transaction.atomic():
        return _add(actor, _issued(actor, name, names, kind), "issued")


def make_request(
    actor: Actor, name: str, names: list[str], kind: str = keys.P256, renews: Certificate | None = None
) -> Request:
    """A key, and a request for an authority outside; its answer comes by `answer`."""
    actor.require(*WRITERS)
    _check_name(name, renews)
    if Request.objects.filter(name__iexact=name).exists():
        raise ValidationError({"name": _("A request of this name waits for its answer already.")})
    key = keys.make(kind)
    with transaction.atomic():
        row = Request.objects.create(
            name=name, names=names, request=issuing.request(key, names), encrypted_key=keys.encrypt(key), renews=renews
        )
        audit.record(actor, REQUEST, name, "created", None, {"Names": ", ".join(names)})
    return row


def answer(actor: Actor, pk: int, content: bytes) -> Certificate:
    """The authority's answer to a request (PEM or DER): a new certificate, or a renewed one."""
    actor.require(*WRITERS)
    with transaction.atomic():
        asked = Request.objects.filter(pk=pk).first()
        if asked is None:
            raise ValidationError(_("This request was removed meanwhile."))
        found = _answered(asked, content)
        row = row_of(asked.renews.name if asked.renews else asked.name, found.pem, asked.encrypted_key)
        saved = _replace(actor, asked.renews, row) if asked.renews else _add(actor, row, "loaded")
        asked.delete()
    return saved


def answer_any(actor: Actor, content: bytes) -> Certificate:
    """The authority's answer to whichever request waits for it. Raises ValidationError where none does."""
    waiting = list(Request.objects.order_by("pk"))
    for asked in waiting:
        try:
            return answer(actor, asked.pk, content)
        except ValidationError:
            if len(waiting) == 1:
                raise
    text = _("This certificate has no private key, and answers no request that waits here. Import it with its key.")
    raise ValidationError({"file": text})


def _answered(asked: Request, content: bytes) -> reading.Found:
    try:
        return reading.checked(reading.certificates(content, "file"), keys.decrypt(asked.encrypted_key), "file")
    except ValidationError as error:
        if "does not belong" in " ".join(error.messages):
            wrong = _("This certificate is no answer to the request “%s”: it was made for another key.")
            raise ValidationError({"file": wrong % asked.name}) from None
        raise


def drop_request(actor: Actor, pk: int) -> None:
    """Forgets a request and its key."""
    actor.require(*WRITERS)
    with transaction.atomic():
        for row in Request.objects.filter(pk=pk):
            audit.record(actor, REQUEST, row.name, "removed", {"Names": ", ".join(row.names)}, None)
            row.delete()


def load(
    actor: Actor, name: str, content: bytes, key_content: bytes = b"", password: str = "", replaces: int | None = None
) -> Certificate:
    """Imports a PFX or PEM file as a new certificate, or in place of one that is here."""
    actor.require(*WRITERS)
    found = reading.read(content, key_content, password)
    held = Certificate.objects.filter(pk=replaces).first() if replaces else None
    row = row_of(held.name if held else name, found.pem, keys.encrypt(found.key))
    return _replace(actor, held, row) if held else _add(actor, row, "imported")


def put(actor: Actor, name: str, chain: str, encrypted_key: str) -> Certificate:
    """What an authority issued for a key that is here: a new certificate, or in place of the one of that name."""
    actor.require(*WRITERS)
    held = Certificate.objects.filter(name__iexact=name).first()
    row = row_of(held.name if held else name, chain, encrypted_key)
    return _replace(actor, held, row) if held else _add(actor, row, "ordered")


def renew(actor: Actor, pk: int) -> Certificate:
    """A new key and certificate for the same names, in place; ValidationError when an authority outside must answer."""
    actor.require(*WRITERS)
    held = Certificate.objects.filter(pk=pk).first()
    if held is None or not queries.renewable(held):
        raise ValidationError(_("Its authority is outside: make a request for it, and load the answer."))
    kind = keys.kind_of(keys.decrypt(held.encrypted_key))
    with transaction.atomic():
        if not held.self_signed:
            return _replace(actor, held, _issued(actor, held.name, held.names, kind))
        key = keys.make(kind)
        return _replace(actor, held, row_of(held.name, issuing.self_signed(key, held.names), keys.encrypt(key)))


def remove(actor: Actor, pk: int) -> None:
    """Deletes a certificate that no connector shows."""
    actor.require(*WRITERS)
    with change(actor, "") as under_way:
        held = Certificate.objects.get(pk=pk)
        if queries.managed(held):
            raise ValidationError(
                _("%s is ordered by ACME. Remove it among the managed certificates first.") % held.name
            )
        users = queries.bound_to(held, queries.current())
        if users:
            raise ValidationError(
                _("%(name)s is in use by %(users)s. Choose another certificate there first.")
                % {"name": held.name, "users": ", ".join(users)}
            )
        under_way.comment = f"{CERTIFICATE.noun} {held.name}: removed"
        under_way.record(CERTIFICATE.noun, held.name, described(held), None)
        held.delete()


def export(actor: Actor, pk: int, password: str) -> bytes:
    """Certificate, chain and key as PFX under a password; noted in the change history."""
    actor.require(*WRITERS)
    if len(password) < LEAST_PASSWORD:
        raise ValidationError({"password": _("Use at least %d characters.") % LEAST_PASSWORD})
    held = Certificate.objects.get(pk=pk)
    leaf, *above = x509.load_pem_x509_certificates(held.chain.encode())
    locked = BestAvailableEncryption(password.encode())
    content = pkcs12.serialize_key_and_certificates(
        held.name.encode(), keys.decrypt(held.encrypted_key), leaf, above, locked
    )
    audit.record(actor, CERTIFICATE.noun, held.name, "exported", None, {"Thumbprint": held.fingerprint})
    return content


def first_start() -> None:
    """Gives a new installation a self-signed certificate, so that STARTTLS can be offered."""
    if not Certificate.objects.exists():
        make_self_signed(SYSTEM, f"Self-signed {settings.GATEPOST_NODE}", host_names())


def described(row: Certificate) -> dict[str, str]:
    """What the change history keeps of a certificate; nothing of its key."""
    return CERTIFICATE.shown(CERTIFICATE.read(row))


def host_names() -> list[str]:
    """The names that this server is likely to be known by."""
    full = socket.getfqdn(settings.GATEPOST_NODE)
    names = [
        settings.GATEPOST_NODE,
        full if "." in full and " " not in full else "",
        f"mail.{settings.GATEPOST_DOMAIN}",
    ]
    return list(dict.fromkeys(name.lower() for name in names if name))


def _issued(actor: Actor, name: str, names: list[str], kind: str) -> Certificate:
    held, key = _authority(actor), keys.make(kind)
    chain = issuing.issued(key, names, held.certificate, keys.decrypt(held.encrypted_key))
    return row_of(name, chain, keys.encrypt(key))


def _authority(actor: Actor) -> Authority:
    held = queries.authority()
    if held is None:
        key = keys.make(keys.P256)
        name = f"Gatepost CA {settings.GATEPOST_DOMAIN}"
        held = Authority.objects.create(certificate=issuing.authority(key, name), encrypted_key=keys.encrypt(key))
        audit.record(actor, AUTHORITY, name, "created", None, {"Name": name})
    return held


def _check_name(name: str, held: Certificate | None) -> None:
    if Certificate.objects.filter(name__iexact=name).exclude(pk=held.pk if held else 0).exists():
        raise ValidationError({"name": _("There is a certificate “%s” already; choose another name.") % name})


def _add(actor: Actor, row: Certificate, verb: str) -> Certificate:
    _check_name(row.name, None)
    _check_new(row)
    with change(actor, f"{CERTIFICATE.noun} {row.name}: {verb}") as under_way:
        row.save()
        under_way.record(CERTIFICATE.noun, row.name, None, described(row))
    return row


def _replace(actor: Actor, held: Certificate, row: Certificate) -> Certificate:
    """The new chain and key in the old row: connectors show it to the next client that starts TLS, also those that name
    the former one by issuer and subject, which may be others now.
    """
    _check_new(row)
    with change(actor, f"{CERTIFICATE.noun} {held.name}: renewed") as under_way:
        former = list(_naming(held))
        row.pk, row.created_at = held.pk, issuing.now()
        row.save(force_update=True)
        under_way.record(CERTIFICATE.noun, held.name, described(held), described(row))
        name = queries.identifier(row)
        for kind, pk in former:
            # Without a subject it names others of the issuer, too: that is better than none at all, which "" is where
            # we are the client, but not than the best for an FQDN.
            is_vague = name.endswith("<S>") and kind.struct is ReceiveConnector
            wanted = "" if is_vague else name
            SettingsRows(kind, lambda _struct, _others: (), WRITERS).update(actor, pk, {NAMING: wanted})
    return row


def _naming(held: Certificate) -> Iterator[tuple[Published, int]]:
    """The connectors that name a certificate by issuer and subject."""
    for kind in every_kind():
        if NAMING in kind.struct.__struct_fields__:
            rows = kind.model._default_manager.exclude(**{NAMING: ""}).values_list("pk", NAMING)
            yield from ((kind, pk) for pk, name in rows if queries.names(name, held))


def _check_new(row: Certificate) -> None:
    twin = Certificate.objects.filter(fingerprint=row.fingerprint).first()
    if twin:
        raise ValidationError({"file": _("This certificate is here already, as “%s”.") % twin.name})
