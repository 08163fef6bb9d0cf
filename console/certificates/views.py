"""List, details and verbs of certificates. The pages that take or give files stand in `files`."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.certificates import actions, models, queries
from console.crud import BADGE, LINES, MONO, NAME, TIME, Badge, Column, CrudView, Detail, Verb
from transport.config.snapshot import Snapshot


def _days(row: models.Certificate) -> Badge:
    days = queries.days_left(row)
    if days < 0:
        return Badge(_t("expired"), "bad")
    words = ngettext("%d day left", "%d days left", days) % days
    return Badge(words, "warning" if queries.ends_soon(row) else "good")


def _issuer(row: models.Certificate) -> str | Promise:
    if row.self_signed:
        return _("self-signed")
    return _t("%s (internal)") % queries.issuer(row) if row.issued_here else queries.issuer(row)


def _fingerprint(row: models.Certificate) -> str:
    return ":".join(row.fingerprint[place : place + 2] for place in range(0, len(row.fingerprint), 2)).upper()


class CertificatePages(CrudView):
    model = models.Certificate
    namespace = "certificates"
    noun, plural = _("certificate"), _("certificates")
    purpose = _(
        "What clients are shown when they start TLS: the certificate that a connector names, else the one that fits "
        "its FQDN best."
    )
    first_step = _("Without one, STARTTLS cannot be offered. Let the internal authority issue one, or import yours.")
    is_tagged = True
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Names in it"), "names", LINES),
        Column(_("Valid"), _days, BADGE, sort="not_after"),
        Column(_("Issued by"), _issuer, minor=True),
        Column(_("Renewal"), queries.renews_at, TIME, minor=True),
        Column(_("Used by"), lambda row: [one.name for one in row.connectors], LINES, minor=True),
    ]
    details = [
        Detail(_("Names in it"), "names", LINES),
        Detail(_("Issued by"), _issuer),
        Detail(_("Valid from"), "not_before", TIME),
        Detail(_("Valid until"), "not_after", TIME),
        Detail(_("State"), _days, BADGE),
        Detail(_("Renewal by ACME"), queries.renews_at, TIME),
        Detail(_("Used by"), lambda row: [one.name for one in row.connectors] or [_t("no connector")], LINES),
        Detail(_("Identifier"), queries.identifier, MONO),
        Detail(_("SHA-256"), _fingerprint, MONO),
    ]
    search = ["name", "names"]
    verbs = [
        Verb("renew", _("Renew"), icon="refresh-cw", done=_("renewed")),
        Verb("ask-to-renew", _("Request renewal"), icon="file-text", done=_("request made; it stands above the list")),
    ]
    new_url = "certificates:new"
    writers = actions.WRITERS
    list_template = "certificates/list.html"
    details_template = "certificates/details.html"

    def may(self, verb: Verb, obj: Any) -> bool:
        by_hand = {"renew": obj.renewable, "ask-to-renew": not obj.renewable, "remove": True}
        return bool(by_hand.get(verb.name, True)) and not obj.managed

    def renew(self, obj: Any) -> None:
        actions.renew(self.actor, obj.pk)

    def ask_to_renew(self, obj: Any) -> None:
        actions.make_request(self.actor, obj.name, obj.names, renews=obj)

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj.pk)

    @cached_property
    def snapshot(self) -> Snapshot:
        return queries.current()

    def completed(self, rows: list[Any]) -> list[Any]:
        return [self.complete(row) for row in rows]

    def find(self, pk: Any) -> Any:
        return self.complete(super().find(pk))

    def complete(self, row: models.Certificate) -> models.Certificate:
        """Adds what is known of a certificate beyond its row."""
        row.connectors = queries.used_by(row, self.snapshot)
        row.issued_here = queries.issued_here(row)
        row.renewable = row.self_signed or row.issued_here
        row.managed = queries.managed(row)
        return row

    def list_context(self, selected: Any) -> dict[str, Any]:
        context = super().list_context(selected)
        return context | {
            "requests": queries.requests(),
            "authority": queries.authority(),
            "problems": queries.problems(),
        }
