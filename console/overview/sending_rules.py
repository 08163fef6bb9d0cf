"""What needs attention of mail that leaves: how it is signed and protected, and what signs in for it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.connectors.models import SendConnector
from console.connectors.queries import Tabs
from console.credentials import queries as credentials
from console.crud.together import one_of
from console.dkim import queries as dkim
from console.domains.models import AcceptedDomain as DomainRow
from console.overview.concern import Concern
from console.publishing.rows import struct_of
from console.queues.models import Hold
from console.tls import queries as tls
from console.users import queries as users
from transport.config.accepted_domain import AcceptedDomain, DeliverTo
from transport.config.snapshot import Snapshot
from transport.receive import certificate_match


def dkim_records() -> Iterator[Concern]:
    """Keys that sign mail and are not in DNS: receivers then take it for forged."""
    for key in dkim.keys_with_problems():
        text = _("Mail is signed with this DKIM key, and its DNS record is not right. %s") % key.problem
        yield Concern(key.record_name, text, reverse("dkim:details", args=[key.pk]), is_bad=True)


def dkim_keys() -> Iterator[Concern]:
    """Keys that sign mail and cannot be read: mail of their domains waits."""
    for key in dkim.keys_that_are_locked():
        text = _(
            "This DKIM key cannot be decrypted: secret.key is not the one it was made with, and mail of the domain "
            "waits. Put the former secret.key back, or let another key sign."
        )
        yield Concern(key.record_name, text, reverse("dkim:details", args=[key.pk]), is_bad=True)


def dane_without_dnssec(saved: Snapshot) -> Iterator[Concern]:
    """Send connectors that deliver with DANE only, where nothing can be verified: all of their mail waits."""
    tabs = Tabs(SendConnector)
    for name, doubt in tls.dane_in_vain(saved):
        text = _(
            "It delivers to domains with DANE only, and DANE cannot be used: %s. All of its mail waits. Run a resolver "
            "that validates on this machine, such as unbound, and ask it; or choose “Where a domain publishes it”."
        )
        yield Concern(name, text % doubt, tabs.url(name, "security"), is_bad=True)


def without_their_certificate(saved: Snapshot) -> Iterator[Concern]:
    """Send connectors that name a certificate which is not here: hosts that ask for it are shown none."""
    tabs = Tabs(SendConnector)
    for each in saved.send_connectors:
        name = each.tls_certificate_name if each.enabled else ""
        if name and not certificate_match.named(saved.certificates, name):
            text = _(
                "The certificate that it names is not here: a host that asks for one is shown none. Choose another."
            )
            yield Concern(each.name, text, tabs.url(each.name, "security"))


def policies_that_end() -> Iterator[Concern]:
    """Domains whose MTA-STS policy cannot be fetched any more: once it has ended, mail to them is protected no better
    than any other.
    """
    for row, ends in tls.policies_that_end():
        text = _("Its MTA-STS policy cannot be fetched any more; the one that is kept holds until %(day)s. %(why)s")
        words = text % {"day": f"{ends:%Y-%m-%d}", "why": row.last_error}
        yield Concern(row.domain, words, f"{reverse('tls:outlook')}?domain={quote(row.domain)}")


def secrets_that_end() -> Iterator[Concern]:
    """Credentials of connectors whose secret ends soon, or has ended."""
    for row, days in credentials.ending():
        url = reverse("credentials:edit", args=[row.pk])
        if days < 0:
            text = _("The secret of this credential has ended: set a new one. Mail of %(users)s waits.")
        else:
            text = ngettext(
                "The secret of this credential ends in %(days)d day: set a new one. %(users)s signs in with it.",
                "The secret of this credential ends in %(days)d days: set a new one. %(users)s signs in with it.",
                days,
            )
        yield Concern(
            row.name, text % {"days": days, "users": ", ".join(credentials.users_of(row.name))}, url, days < 7
        )


def credentials_without_token(holds: list[Hold]) -> Iterator[Concern]:
    """Credentials that got no access token when they asked last, where nothing else says that mail waits for it."""
    waiting = {name for hold in holds for name in (hold.connector, hold.account)}
    for row in credentials.without_token():
        users = credentials.users_of(row.name)
        if users and waiting.isdisjoint([row.name, *users]):
            text = _("It got no access token when it asked last, and %(users)s signs in with it. %(why)s")
            url = reverse("credentials:details", args=[row.pk])
            yield Concern(row.name, text % {"users": ", ".join(users), "why": row.problem}, url, is_bad=True)


def kept_for_nobody() -> Iterator[Concern]:
    """Domains whose mail is kept for a name that no user and no group has: who asks for it is refused."""
    rows = list(DomainRow.objects.filter(deliver_to=DeliverTo.PickUp))
    known = users.principals() if rows else {}
    for row in rows:
        named = struct_of(row, AcceptedDomain).pick_up_principals
        unknown = [f"“{name}”" for name in named if name.casefold() not in known]
        if unknown:
            text = _("Its mail is kept for %s, which is no user or group. Write a user like CONTOSO\\branch.")
            yield Concern(row.domain_name, text % one_of(unknown), reverse("domains:details", args=[row.pk]))
