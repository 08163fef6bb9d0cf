"""Needs attention, of certificates: those near their end, and orders by ACME that fail or wait for DNS."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from console.acme import queries as acme
from console.certificates import queries as certificates
from console.crud.format import time_text
from console.crud.said import said
from console.overview.concern import Concern


def certificates_that_end() -> Iterator[Concern]:
    """Near their end, or past it."""
    for row, is_bad in certificates.ending():
        text = _("This certificate has expired: clients that check it break off. Renew or remove it.")
        if certificates.days_left(row) >= 0:
            text = _("This certificate expires on %s. Renew it.") % f"{row.not_after:%Y-%m-%d}"
        yield Concern(row.name, text, reverse("certificates:details", args=[row.pk]), is_bad)


def orders() -> Iterator[Concern]:
    """By ACME: those that fail, with what the authority said; those that are issued and wait for DNS."""
    for row in acme.failing():
        since = time_text(row.failed_since) if row.failed_since else ""
        text = _(
            "No certificate was issued since %(since)s. %(problem)s It is tried again by itself; its page tells each "
            "step."
        ) % {"since": since, "problem": said(row.problem)}
        yield Concern(row.name, text, reverse("acme:details", args=[row.pk]), acme.is_urgent(row))
    for row in acme.waiting_for_dns():
        text = _("The new certificate waits until DNS names it (DANE): publish the TLSA records that its page shows.")
        yield Concern(row.name, text, reverse("acme:details", args=[row.pk]), acme.is_urgent(row))
