"""The keys that sign mail: list, details with the record to publish, and what can be done with a key."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud import BADGE, MONO, NAME, TIME, Badge, Column, CrudView, Detail, Filter, Verb
from console.crud.action_page import ActionPage
from console.dkim import actions, queries
from console.dkim.forms import KeyForm
from console.dkim.models import DkimKey, State
from console.dkim.records import strings, zone_line

TONES = {State.MADE: "info", State.PUBLISHED: "info", State.ACTIVE: "good", State.RETIRING: "neutral"}
NEXT = {
    State.MADE: _("Publish the record below in DNS, then check it."),
    State.PUBLISHED: _("DNS shows the record: let it sign."),
    State.ACTIVE: _("Mail of this domain is signed with it. Leave the record in DNS."),
    State.RETIRING: _(
        "Nothing is signed with it any more. Leave its record in DNS for a week: mail may be on its way."
    ),
    State.REVOKED: _(
        "Put the record below, without a key, in the place of the former, or delete it; then remove the key."
    ),
}


def _state(key: DkimKey) -> list[Badge]:
    state = State(key.state)
    found = [Badge(state.label, TONES.get(state, "neutral"))]
    return [*found, Badge(_("not in DNS"), "bad")] if state is State.ACTIVE and key.problem else found


class KeyPages(CrudView):
    model = DkimKey
    namespace = "dkim"
    noun, plural, title = _("DKIM key"), _("DKIM keys"), _("DKIM")
    purpose = _(
        "Signatures under mail of your domains that leaves through a Send connector. Receivers check them with a "
        "record in your DNS. Only mail of clients that may write in the name of the domain is signed."
    )
    first_step = _("Make keys for your domain; then its DNS record is shown.")
    is_tagged = True
    columns = [
        Column(_("Domain"), "domain", NAME, sort="domain"),
        Column(_("Selector"), "selector", MONO, sort="selector"),
        Column(_("Kind"), "get_algorithm_display", sort="algorithm", minor=True),
        Column(_("State"), _state, BADGE, sort="state"),
        Column(_("Seen in DNS"), "seen_at", TIME, sort="seen_at", minor=True),
    ]
    details = [
        Detail(_("State"), _state, BADGE),
        Detail(_("Next"), lambda key: NEXT[State(key.state)]),
        Detail(_("DNS"), lambda key: key.problem),
        Detail(_("Seen in DNS"), "seen_at", TIME),
        Detail(_("Made"), "made_at", TIME),
        Detail(_("Retired"), "retired_at", TIME),
    ]
    search = ["domain", "selector"]
    filters = [Filter("state", _("State"), State.choices)]
    verbs = [
        Verb("check", _("Check DNS"), icon="refresh-cw", done=_("DNS shows the record")),
        Verb("activate", _("Sign with it"), icon="play", done=_("signs from now on"), bulk=False),
        Verb("retire", _("Retire"), icon="pause", done=_("signs no more"), bulk=False),
    ]
    new_url = "dkim:new"
    details_template = "dkim/details.html"
    writers = actions.WRITERS
    removal_warning = _("A removed key cannot be had back. Delete its DNS record as well.")

    def name_of(self, obj: DkimKey) -> str:
        return _t("%(selector)s of %(domain)s") % {"selector": obj.selector, "domain": obj.domain}

    def may(self, verb: Verb, obj: Any) -> bool:
        signs = obj.state == State.ACTIVE
        waits = obj.state in (State.MADE, State.PUBLISHED, State.RETIRING)
        allowed = {"check": signs or waits, "activate": waits, "retire": signs, "remove": not signs}
        return bool(allowed.get(verb.name, True))

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj)

    def check(self, obj: Any) -> None:
        if problem := actions.check(self.actor, obj):
            raise ValidationError(problem)

    def activate(self, obj: Any) -> None:
        actions.activate(self.actor, obj)

    def retire(self, obj: Any) -> None:
        actions.retire(self.actor, obj)

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is None:
            return context
        text = queries.text_of(selected)
        parts = strings(text)
        shown = {"record": text, "strings": parts if len(parts) > 1 else []}
        return context | shown | {"zone_line": zone_line(selected.record_name, text)}


class NewKeys(ActionPage):
    """Keys of a domain."""

    writers = actions.WRITERS
    form_class = KeyForm
    extra_context = {"title": _("New DKIM keys")}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        here = reverse("dkim:list")
        return super().get_context_data(cancel_url=here, crumbs=[(_("DKIM"), here)], **context)

    def submit(self, form: KeyForm) -> HttpResponse:
        made = actions.make(self.actor, form.cleaned_data["domain"], form.cleaned_data["algorithms"])
        messages.success(self.request, _t("Made. Publish the DNS record of each key, then let it sign."))
        return redirect("dkim:details", made[0].pk)
