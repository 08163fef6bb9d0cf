"""Every write of credentials. Delivery reads them at each sign-in, so a write holds at once.

A secret comes in here and never out: what the change history says of one is that there is a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from console.actors import Actor, Role
from console.audit.actions import record
from console.credentials.models import Credential
from console.credentials.queries import users_of
from console.publishing.actions import CHANNEL
from console.sealing import sealed
from transport.config.credential import Account, CredentialKind, Secrets
from transport.deliver import token_endpoints
from transport.deliver.token_endpoints import NoToken

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})
NOUN = "Credential"
AGAIN = "again"
LONGEST_NAME, LONGEST_USER_NAME, LONGEST_ID, LONGEST_SECRET = 64, 320, 255, 65536
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")


NEEDED: dict[CredentialKind, tuple[str, ...]] = {
    CredentialKind.Password: (),
    CredentialKind.Microsoft365: ("tenant", "client_id"),
    CredentialKind.Microsoft365Person: ("tenant", "client_id"),
    CredentialKind.GoogleServiceAccount: (),
    CredentialKind.GoogleRefreshToken: ("client_id",),
}
PLACE = {
    CredentialKind.Password: "password",
    CredentialKind.Microsoft365: "client_secret",
    CredentialKind.Microsoft365Person: "client_id",
    CredentialKind.GoogleServiceAccount: "file",
    CredentialKind.GoogleRefreshToken: "refresh_token",
}
"""Where a form shows what is wrong with a secret."""

NO_TOKEN: dict[str, Any] = {"token": "", "token_renew_at": None, "token_expires_at": None, "problem": ""}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What everybody may read of a credential."""

    user_name: str
    tenant: str = ""
    client_id: str = ""
    secret_ends: date | None = None
    max_connections: int | None = None
    messages_per_minute: int | None = None
    messages_per_day: int | None = None


@transaction.atomic
def add(actor: Actor, name: str, kind: CredentialKind, wanted: Wanted, secrets: Secrets) -> Credential:
    """A new credential. Raises ValidationError on the field at fault."""
    actor.require(*WRITERS)
    name = name.strip()
    _check_name(name)
    _check(kind, wanted, secrets)
    row = Credential.objects.create(name=name, kind=kind, encrypted=_encrypted(secrets), **vars(wanted))
    record(actor, NOUN, name, "added", None, facts(row))
    _tell()
    return row


@transaction.atomic
def change(actor: Actor, row: Credential, wanted: Wanted, secrets: Secrets | None = None) -> Credential:
    """Other facts, and another secret if there is one. The name never changes: connectors name it."""
    actor.require(*WRITERS)
    row = Credential.objects.select_for_update().get(pk=row.pk)
    _check(CredentialKind(row.kind), wanted, secrets)
    before = facts(row)
    new = {"encrypted": _encrypted(secrets), "secret_set_at": Now()} if secrets else {}
    Credential.objects.filter(pk=row.pk).update(**vars(wanted), **new, **NO_TOKEN, changed_at=Now())
    _tell()
    row.refresh_from_db()
    told = {"Secret": _("a new one was set")} if secrets else {}
    if told or facts(row) != before:
        record(actor, NOUN, row.name, "changed", before, facts(row) | told)
    return row


def forget_tokens(actor: Actor) -> None:
    """After a restore: those that delivery has got are old; it asks for new ones."""
    actor.require(*WRITERS)
    Credential.objects.update(**NO_TOKEN)


def begin_sign_in(actor: Actor, row: Credential) -> dict[str, Any]:
    """A code for a person to sign in with, as `token_endpoints.begin`. Raises ValidationError."""
    actor.require(*WRITERS)
    try:
        return token_endpoints.begin(_account(row))
    except NoToken as error:
        raise ValidationError(_("Microsoft gives no code: %s") % error) from None


def finish_sign_in(actor: Actor, row: Credential, begun: dict[str, Any]) -> None:
    """Keeps what came of a code. Raises ValidationError, with code `again` while nobody has signed in with it."""
    actor.require(*WRITERS)
    try:
        found = token_endpoints.finish(_account(row), begun)
    except NoToken as error:
        if error.passes:
            text = _("Nobody has signed in with this code yet. Do it, then come back here.")
            raise ValidationError(text, code=AGAIN) from None
        raise ValidationError(_("The sign-in came to nothing: %s") % error) from None
    kept = {field.name: getattr(row, field.name) for field in fields(Wanted)}
    change(actor, row, Wanted(**kept), Secrets(refresh_token=found))


def _account(row: Credential) -> Account:
    kind = CredentialKind(row.kind)
    return Account(
        id=row.pk, name=row.name, kind=kind, user_name=row.user_name, tenant=row.tenant, client_id=row.client_id
    )


@transaction.atomic
def put_password(actor: Actor, name: str, user_name: str, password: str) -> Credential:
    """The credential of this name with this user name and password: a new one, or changed. Raises ValidationError."""
    held = Credential.objects.filter(name__iexact=name).first()
    secrets = Secrets(password=password)
    if held is None:
        return add(actor, name, CredentialKind.Password, Wanted(user_name=user_name), secrets)
    if held.kind != CredentialKind.Password:
        raise ValidationError(_("The credential “%s” is of another kind: name it instead.") % held.name)
    kept = {field.name: getattr(held, field.name) for field in fields(Wanted)}
    return change(actor, held, Wanted(**{**kept, "user_name": user_name}), secrets)


@transaction.atomic
def remove(actor: Actor, row: Credential) -> None:
    """Forgets a credential that no connector names."""
    actor.require(*WRITERS)
    if users := users_of(row.name):
        text = _("%(name)s is in use by %(users)s. Choose another credential there first.")
        raise ValidationError(text % {"name": row.name, "users": ", ".join(users)})
    record(actor, NOUN, row.name, "removed", facts(row), None)
    row.delete()


def _tell() -> None:
    """Delivery looks whether connectors that rest may go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def facts(row: Credential) -> dict[str, Any]:
    """What the change history keeps of a credential; nothing of its secret."""
    return {
        "Kind": row.kind_label,
        "User name": row.user_name,
        "Tenant": row.tenant,
        "Application": row.client_id,
        "Secret ends": row.secret_ends.isoformat() if row.secret_ends else None,
        "Connections": row.max_connections,
        "Messages per minute": row.messages_per_minute,
        "Messages per day": row.messages_per_day,
    }


def _encrypted(secrets: Secrets) -> str:
    return sealed(msgspec.json.encode(secrets))


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValidationError({"name": _("Up to %d printable characters.") % LONGEST_NAME})
    if Credential.objects.filter(name__iexact=name).exists():
        raise ValidationError({"name": _("There is a credential “%s” already; choose another name.") % name})


def _check(kind: CredentialKind, wanted: Wanted, secrets: Secrets | None) -> None:
    """Raises ValidationError with everything that cannot stand."""
    wrong: dict[str, str] = {}
    if not wanted.user_name or len(wanted.user_name) > LONGEST_USER_NAME or not wanted.user_name.isprintable():
        wrong["user_name"] = _("Up to %d printable characters.") % LONGEST_USER_NAME
    for field in ("tenant", "client_id"):
        value = getattr(wanted, field)
        if value and (len(value) > LONGEST_ID or not _ID.fullmatch(value)):
            wrong[field] = _("Letters, digits, dots and hyphens, as the provider shows it.")
    for field in ("max_connections", "messages_per_minute", "messages_per_day"):
        if (getattr(wanted, field) or 1) < 1:
            wrong[field] = _("At least 1, or nothing.")
    for field, value in msgspec.structs.asdict(secrets).items() if secrets else ():
        if len(value) > LONGEST_SECRET or "\0" in value:
            wrong[field] = _("At most %d characters, without NUL.") % LONGEST_SECRET
    for field in NEEDED[kind]:
        if not getattr(wanted, field):
            wrong.setdefault(field, _("Needed for this kind of credential."))
    if secrets and not _is_whole(kind, secrets):
        wrong[PLACE[kind]] = _("The secret is missing, or not whole.")
    if wrong:
        raise ValidationError(wrong)


def _is_whole(kind: CredentialKind, secrets: Secrets) -> bool:
    match kind:
        case CredentialKind.Password:
            return bool(secrets.password)
        case CredentialKind.Microsoft365:
            return bool(secrets.client_secret or (secrets.certificate and secrets.key))
        case CredentialKind.Microsoft365Person:
            return True
        case CredentialKind.GoogleServiceAccount:
            return bool(secrets.key_file)
        case CredentialKind.GoogleRefreshToken:
            return bool(secrets.client_secret and secrets.refresh_token)
