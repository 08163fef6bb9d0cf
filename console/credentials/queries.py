"""What pages show of credentials; nothing of their secrets."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from console.credentials.models import Credential
from console.crud.said import said
from console.publishing.compile import part
from console.publishing.published import kind_of
from transport.config import providers
from transport.config.credential import CredentialKind
from transport.config.send_connector import SendConnector

WARNED = (30, 14, 7, 1)
"""Days before the end of a secret."""

DRAFT = "draft"
"""What the query string calls the draft of a connector that somebody comes from."""


def by_name() -> dict[str, str]:
    """The name of each, and of what kind it is."""
    return {row.name: said(CredentialKind(row.kind).label) for row in Credential.objects.all()}


def names() -> list[str]:
    """All of them."""
    return list(Credential.objects.values_list("name", flat=True))


def kind_named(name: str) -> CredentialKind | None:
    """Of what kind one is; None where there is none of this name."""
    row = Credential.objects.filter(name=name).first()
    return CredentialKind(row.kind) if row else None


def like(kind: CredentialKind) -> list[str]:
    """The names of those that do where one of this kind does."""
    return [row.name for row in Credential.objects.all() if CredentialKind(row.kind).issuer == kind.issuer]


def _connectors() -> tuple[SendConnector, ...]:
    found: tuple[SendConnector, ...] = part(kind_of(SendConnector))
    return found


def users_of(name: str) -> list[str]:
    """The Send connectors that name a credential, also those that are disabled."""
    wanted = name.casefold()
    return [each.name for each in _connectors() if wanted in map(str.casefold, each.authentication_credential)]


def page_for(connector: str) -> tuple[str, str] | None:
    """Where to mend what a Send connector signs in with, and how that is called; None where it names nothing."""
    named = next((each.authentication_credential for each in _connectors() if each.name == connector), ())
    if not named:
        return None
    row = Credential.objects.filter(name__iexact=named[0]).first() if len(named) == 1 else None
    if row is None:
        return reverse("credentials:list"), gettext("Credentials")
    return reverse("credentials:edit", args=[row.pk]), gettext("Credential %s") % row.name


def counts_recipients(name: str) -> bool:
    """Whether its limit of a day means recipients: so it is with the provider of a connector that names it."""
    known = {each.name: each.provider for each in _connectors()}
    return any(known[user] in providers.counting_recipients() for user in users_of(name))


def ending() -> list[tuple[Credential, int]]:
    """Credentials that connectors name and whose secret ends within WARNED[0] days or has ended, with the days left."""
    rows = Credential.objects.filter(secret_ends__lte=today() + timedelta(days=WARNED[0])).order_by("secret_ends")
    return [(row, (row.secret_ends - today()).days) for row in rows if row.secret_ends and users_of(row.name)]


def without_token() -> list[Credential]:
    """Those that got none when they asked last, with the reason in `problem`."""
    return list(Credential.objects.exclude(problem=""))


def days_left(row: Credential) -> int | None:
    """Days until the secret ends, negative afterwards; None when nobody said when."""
    return (row.secret_ends - today()).days if row.secret_ends else None


def today() -> date:
    return timezone.localdate()
