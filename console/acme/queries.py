"""What is known of accounts at authorities and of what is ordered there."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from console.acme.models import Account, ManagedCertificate
from console.acme.timing import renewal
from console.certificates import queries as certificates
from console.certificates.models import Certificate
from transport.receive.certificate_match import fit


def certificate(managed: ManagedCertificate) -> Certificate | None:
    """What came of the last order; None before the first."""
    return Certificate.objects.filter(name__iexact=managed.name).first()


def in_use(managed: ManagedCertificate) -> list[tuple[str, str]]:
    """(connector, FQDN) of those that show the present certificate, which holds that name."""
    held = certificate(managed)
    if held is None:
        return []
    users = certificates.used_by(held, certificates.current())
    named = [(each.name, (each.fqdn or settings.GATEPOST_NODE).lower()) for each in users]
    return [(name, host) for name, host in named if any(fit(each, host) for each in held.names)]


def due(managed: ManagedCertificate) -> datetime | None:
    """When it is renewed; None where there is none yet."""
    held = certificate(managed)
    return renewal(held.not_before, held.not_after, managed.renew_at) if held else None


def is_urgent(managed: ManagedCertificate) -> bool:
    """Whether there is no certificate, or hardly any life left of the one that is there."""
    held = certificate(managed)
    return held is None or certificates.ends_soon(held)


def waiting_for_dns() -> list[ManagedCertificate]:
    """Those whose new certificate is not shown before DNS names it."""
    return list(ManagedCertificate.objects.select_related("account").exclude(chain="").filter(problem=""))


def failing() -> list[ManagedCertificate]:
    """Those whose last order came to nothing."""
    return list(ManagedCertificate.objects.select_related("account").exclude(problem=""))


def ordered_with(account: Account) -> list[str]:
    """What is ordered with an account."""
    return list(ManagedCertificate.objects.filter(account=account).values_list("name", flat=True))
