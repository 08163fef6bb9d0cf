"""Protection → Connection filter: its settings with the test of an address, its two lists, its providers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Func, GenericIPAddressField, Q, Value
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console import clock
from console.crud import BADGE, LINES, MONO, NAME, NUMBER, TIME, Badge, Column, Detail, Filter, Tab, Verb
from console.crud.format import time_html
from console.protection import actions, models, queries
from console.protection.forms import EntryForm, PasteForm, ProviderForm, TrialForm
from console.protection.published import ENTRY
from console.protection.views import FilterPage
from console.publishing.settings_form import form_of
from console.publishing.settings_pages import SettingsPages
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider

TABS = {
    "protection:connection-filter": _("Settings and test"),
    "protection:block-list": _("IP Block list"),
    "protection:allow-list": _("IP Allow list"),
    "protection:provider-list": _("Providers"),
}


def tabs(current: str) -> list[Tab]:
    """The pages of the connection filter."""
    return [Tab(label, reverse(name), name == current) for name, label in TABS.items()]


class ConnectionFilterPage(FilterPage):
    form_class, template = form_of(ConnectionFilter), "protection/connection_filter.html"

    def more(self) -> dict[str, Any]:
        asked = "address" in self.request.GET
        form = TrialForm(self.request.GET if asked else None)
        trial = queries.try_address(form.cleaned_data["address"]) if asked and form.is_valid() else None
        return {"tabs": tabs("protection:connection-filter"), "trial_form": form, "trial": trial}


def _expires(row: models.IPListEntry) -> str:
    if row.expiration_time is None:
        return _t("never")
    return time_html(datetime.fromtimestamp(row.expiration_time, UTC))


def _first_address() -> Cast:
    """The lowest address of an entry's range, without the zone that IPv6 may have: lists are sorted by number."""
    first = Func(F("ip_range"), Value("-"), Value(1), function="split_part")
    return Cast(Func(first, Value("%"), Value(1), function="split_part"), GenericIPAddressField())


def _has_expired(row: models.IPListEntry) -> bool:
    return row.expiration_time is not None and row.expiration_time <= clock.now().timestamp()


def _state(row: models.IPListEntry) -> Badge:
    return Badge(_("Expired, not applied"), "neutral") if _has_expired(row) else Badge(_("Applied"), "good")


def _in_state(rows: Any, state: str) -> Any:
    over = Q(expiration_time__lte=int(clock.now().timestamp()))
    chosen = {"expired": over, "applied": ~over | Q(expiration_time__isnull=True)}.get(state)
    return rows if chosen is None else rows.filter(chosen)


class EntryPages(SettingsPages):
    """The pages of one list; a new entry may be many."""

    model = models.IPListEntry
    struct = IPListEntry
    namespace = "protection"
    ip_list: IPList
    import_url = "moving_in:hand-in"
    list_template, form_template = "protection/connection_list.html", "protection/connection_form.html"
    unsorted = _("What has expired stands together when you sort by Expires.")
    is_tagged = True
    columns = [
        Column(_("Address, range or network"), "ip_range", MONO, sort="address"),
        Column(_("State"), _state, BADGE),
        Column(_("Expires"), _expires, sort="expiration_time"),
        Column(_("Comment"), "comment", sort="comment", minor=True),
    ]
    details = [
        Detail(_("Comment"), "comment"),
        Detail(_("State"), _state, BADGE),
        Detail(_("Expires"), _expires),
        Detail(_("Changed"), "changed_at", TIME),
    ]
    told = ["ip_list", "expiration_time"]
    search = ENTRY.search
    filters = [Filter("state", _("State"), [("applied", _("Applied")), ("expired", _("Expired"))], apply=_in_state)]
    verbs = [Verb("expire", _("Expire now"), icon="clock", done=_("expired"))]
    form_class = EntryForm
    writers = actions.WRITERS
    shows_commands = True

    def rows(self) -> Any:
        entries = self.model.objects.filter(ip_list=self.ip_list.value)
        return entries.annotate(address=_first_address()).order_by("address", "pk")

    def look_for(self, rows: Any, text: str) -> Any:
        return ENTRY.found(rows, text)

    def list_context(self, selected: Any) -> dict[str, Any]:
        return super().list_context(selected) | {"tabs": tabs(f"protection:{self.prefix}list")}

    def may(self, verb: Verb, obj: Any) -> bool:
        return verb.name != "expire" or not _has_expired(obj)

    def make_form(self, obj: Any = None) -> Any:
        if obj is not None:
            return super().make_form(obj)
        data = (self.request.POST,) if self.request.method == "POST" else ()
        return PasteForm(*data, ip_list=self.ip_list)

    def save(self, form: Any) -> Any:
        if isinstance(form, EntryForm):
            return actions.ENTRIES.update(self.actor, form.row.pk, form.changes, form.seen_version)
        added = actions.add_entries(self.actor, form.structs)
        if not added:
            raise ValidationError({"entries": _t("All of these are on the list already.")})
        self.added = added
        return added[0]

    def saved_rows(self, obj: Any) -> list[Any]:
        return getattr(self, "added", [obj])

    def saved_message(self, obj: Any) -> str:
        added = len(self.saved_rows(obj))
        if added == 1:
            return super().saved_message(obj)
        return ngettext("%d entry is added.", "%d entries are added.", added) % added

    def remove(self, obj: Any) -> None:
        actions.ENTRIES.remove(self.actor, obj.pk)

    def expire(self, obj: Any) -> None:
        actions.ENTRIES.update(self.actor, obj.pk, {"expiration_time": int(clock.now().timestamp())})


class BlockListPages(EntryPages):
    prefix, ip_list = "block-", IPList.Block
    title = _("IP Block list")
    noun, plural = _("blocked address"), _("blocked addresses")
    purpose = _("Clients with these addresses are refused when they name a recipient, and disconnected.")
    first_step = _("Add the address of a nuisance here; with an expiry, if you want to forgive.")
    removal_warning = _("Mail from these addresses is then taken again.")


class AllowListPages(EntryPages):
    prefix, ip_list = "allow-", IPList.Allow
    title = _("IP Allow list")
    noun, plural = _("allowed address"), _("allowed addresses")
    purpose = _("Mail of clients with these addresses passes no other filter: no list, no sender, no recipient filter.")
    first_step = _("Add partners whose mail must never be lost to a block list.")
    removal_warning = _("Mail from these addresses then passes the filters like any other.")


def _matching(row: models.IPListProvider) -> list[str]:
    if row.any_match:
        return [_t("any return code")]
    mask = [_t("mask %s") % row.bitmask_match] if row.bitmask_match else []
    return [*mask, *row.ip_addresses_match]


def _enabled(row: models.IPListProvider) -> Badge:
    return Badge(_("Enabled"), "good") if row.enabled else Badge(_("Disabled"), "neutral")


def _listed(row: models.IPListProvider) -> Badge:
    return Badge(_("is refused"), "warning") if row.ip_list == IPList.Block.value else Badge(_("is trusted"), "info")


class ProviderPages(SettingsPages):
    model = models.IPListProvider
    struct = IPListProvider
    namespace, prefix = "protection", "provider-"
    noun, plural = _("list provider"), _("list providers")
    purpose = _(
        "Lists on the Internet that are asked by DNS while the client is connected. "
        "Allow-list providers decide first, then block-list providers by their priority."
    )
    first_step = _("Add the lookup domain of a block list that you trust and may use.")
    list_template, form_template = "protection/connection_list.html", "protection/connection_form.html"
    is_tagged = copies = True
    own = ["priority"]
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Priority"), "priority", NUMBER, sort="priority"),
        Column(_("Lookup domain"), "lookup_domain", MONO, sort="lookup_domain"),
        Column(_("A client that is listed"), _listed, BADGE, sort="ip_list"),
        Column(_("Status"), _enabled, BADGE, sort="enabled"),
        Column(_("Match"), _matching, LINES, minor=True),
    ]
    details = [
        Detail(_("Lookup domain"), "lookup_domain", MONO),
        Detail(_("A client that is listed"), _listed, BADGE),
        Detail(_("Match"), _matching, LINES),
        Detail(_("Reply"), "rejection_response", MONO),
        Detail(_("Status"), _enabled, BADGE),
    ]
    told = ["enabled", "ip_list", "any_match", "bitmask_match", "ip_addresses_match"]
    search = ["name", "lookup_domain"]
    filters = [Filter("ip_list", _("List"), [("Block", _("Block list")), ("Allow", _("Allow list"))])]
    verbs = [
        Verb("enable", _("Enable"), icon="play", done=_("enabled")),
        Verb("disable", _("Disable"), icon="pause", done=_("disabled")),
    ]
    form_class = ProviderForm
    writers = actions.WRITERS
    shows_commands = True

    def may(self, verb: Verb, obj: Any) -> bool:
        return bool({"enable": not obj.enabled, "disable": obj.enabled}.get(verb.name, True))

    def list_context(self, selected: Any) -> dict[str, Any]:
        return super().list_context(selected) | {"tabs": tabs("protection:provider-list")}

    def save(self, form: ProviderForm) -> Any:
        pk = form.row.pk if form.row else None
        return actions.save_provider(self.actor, IPListProvider(**form.changes), pk, form.seen_version)

    def remove(self, obj: Any) -> None:
        actions.PROVIDERS.remove(self.actor, obj.pk)

    def enable(self, obj: Any) -> None:
        actions.PROVIDERS.update(self.actor, obj.pk, {"enabled": True})

    def disable(self, obj: Any) -> None:
        actions.PROVIDERS.update(self.actor, obj.pk, {"enabled": False})
