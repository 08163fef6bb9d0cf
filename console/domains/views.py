from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from msgspec.structs import replace

from console.crud import BADGE, MONO, Badge, Column, Detail, Filter, Verb
from console.crud.format import badge_html
from console.crud.said import later, said
from console.domains import actions, models
from console.domains.forms import DomainForm
from console.domains.published import ACCEPTED_DOMAIN
from console.publishing.rows import struct_of
from console.publishing.settings_pages import SettingsPages
from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.receive.exposure import is_wide, sends_on, too_wide

TYPES = [(each.value, later(each.label)) for each in DomainType]
MEANING = {
    "Authoritative": _("Every recipient is in the directory here; the recipient filter refuses all others."),
    "InternalRelay": _("Some recipients are here; mail for the rest is sent on."),
    "ExternalRelay": _("All mail is sent on."),
}


def _domain(row: models.AcceptedDomain) -> str:
    default = badge_html(_t("default"), "info") if row.default else ""
    domain = struct_of(row, AcceptedDomain)
    wide = badge_html(_t("very wide"), "bad" if sends_on(domain) else "warning") if is_wide(domain) else ""
    return format_html('<strong class="mono">{}</strong> {} {}', row.domain_name, default, wide)


def _warning(row: models.AcceptedDomain) -> str:
    return said(too_wide(struct_of(row, AcceptedDomain)))


def _type(row: models.AcceptedDomain) -> Badge:
    return Badge(said(DomainType(row.domain_type).label), "neutral")


def _subdomains(row: models.AcceptedDomain) -> str:
    return _t("Yes") if row.match_subdomains or row.domain_name.startswith("*") else _t("No")


def _looked_up(row: models.AcceptedDomain) -> str:
    if row.domain_type == DomainType.Authoritative.value and row.address_book_enabled:
        return _t("looked up in the directory")
    return _t("not looked up: any is taken")


class DomainPages(SettingsPages):
    model = models.AcceptedDomain
    struct = AcceptedDomain
    namespace = "domains"
    noun, plural = _("accepted domain"), _("accepted domains")
    purpose = _("The domains this organization takes mail for. Mail for any other domain is refused as relay.")
    first_step = _("Add the domain that stands behind the @ of your addresses.")
    is_tagged = True
    named_by = ["domain_name", "name"]
    columns = [
        Column(_("Accepted domain"), _domain, sort="domain_name"),
        Column(_("Name"), "name", sort="name"),
        Column(_("This domain is"), _type, BADGE, sort="domain_type"),
        Column(_("Subdomains"), _subdomains, minor=True),
    ]
    details = [
        Detail(_("Name"), "name"),
        Detail(_("Accepted domain"), "domain_name", MONO),
        Detail(_("This domain is"), _type, BADGE),
        Detail(_("Which means"), lambda row: f"{MEANING[row.domain_type]} {_warning(row)}"),
        Detail(_("Subdomains"), _subdomains),
        Detail(_("Recipients"), _looked_up),
        Detail(_("Default"), lambda row: _t("Yes: it gives the postmaster address") if row.default else _t("No")),
    ]
    told = ["domain_type", "match_subdomains", "address_book_enabled", "default"]
    search = ACCEPTED_DOMAIN.search
    copied = ["name", "domain_name"]
    filters = [Filter("domain_type", _("Type"), TYPES)]
    verbs = [Verb("make-default", _("Make default"), icon="star", done=_("now the default"), bulk=False)]
    form_class = DomainForm
    writers = actions.WRITERS
    shows_commands = True
    import_url = "moving_in:hand-in"
    removal_warning = _("Mail for addresses there is then refused: 550 5.7.1 Unable to relay.")

    def may(self, verb: Verb, obj: Any) -> bool:
        return not (obj.default and verb.name in ("make-default", "remove"))

    def save(self, form: DomainForm) -> Any:
        if form.row is None:
            return actions.create(self.actor, AcceptedDomain(**form.changes), form.typed)
        return actions.update(self.actor, form.row.pk, form.changes, form.seen_version, form.typed)

    def create(self, struct: AcceptedDomain, confirmed: Collection[str]) -> Any:
        return actions.create(self.actor, replace(struct, default=False), confirmed)

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj.pk, self.confirmed)

    def make_default(self, obj: Any) -> None:
        actions.update(self.actor, obj.pk, {"default": True})
