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

SOON = 30


def _days(row: models.Certificate) -> Badge:
    days = queries.days_left(row)
    if days < 0:
        return Badge(_t("expired"), "bad")
    words = ngettext("%d day left", "%d days left", days) % days
    return Badge(words, "warning" if days < SOON else "good")


def _issuer(row: models.Certificate) -> str | Promise:
    return _("self-signed") if row.self_signed else _("an authority")


def _fingerprint(row: models.Certificate) -> str:
    return ":".join(row.fingerprint[place : place + 2] for place in range(0, len(row.fingerprint), 2)).upper()


class CertificatePages(CrudView):
    model = models.Certificate
    namespace = "certificates"
    noun, plural = _("certificate"), _("certificates")
    purpose = _(
        "What clients are shown when they start TLS. A connector shows the one that holds its FQDN, else the first."
    )
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Names in it"), "names", LINES),
        Column(_("Valid"), _days, BADGE, sort="not_after"),
        Column(_("Issued by"), _issuer, minor=True),
        Column(_("Used by"), lambda row: [one.name for one in row.connectors], LINES, minor=True),
    ]
    details = [
        Detail(_("Names in it"), "names", LINES),
        Detail(_("Issued by"), _issuer),
        Detail(_("Valid from"), "not_before", TIME),
        Detail(_("Valid until"), "not_after", TIME),
        Detail(_("State"), _days, BADGE),
        Detail(_("Used by"), lambda row: ", ".join(one.name for one in row.connectors) or _t("no connector")),
        Detail(_("SHA-256"), _fingerprint, MONO),
    ]
    search = ["name", "names"]
    verbs = [Verb("renew", _("Renew self-signed certificate"), icon="refresh-cw", done=_("renewed"))]
    writers = actions.WRITERS

    def may(self, verb: Verb, obj: Any) -> bool:
        return verb.name != "renew" or obj.self_signed

    def renew(self, obj: Any) -> None:
        actions.renew_self_signed(self.actor, obj.pk)

    @cached_property
    def snapshot(self) -> Snapshot:
        return queries.current()

    def paginate(self, rows: Any) -> Any:
        page = super().paginate(rows)
        for row in page:
            row.connectors = queries.used_by(row, self.snapshot)
        return page

    def find(self, pk: Any) -> Any:
        row = super().find(pk)
        row.connectors = queries.used_by(row, self.snapshot)
        return row
