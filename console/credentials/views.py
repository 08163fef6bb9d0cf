from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.credentials import actions, queries
from console.credentials.forms import FORMS, MEANINGS, CredentialForm
from console.credentials.models import Credential
from console.crud import BADGE, LINES, NAME, TIME, Badge, Column, CrudView, Detail
from transport.config.credential import CredentialKind


def _ends(row: Credential) -> Badge | None:
    days = queries.days_left(row)
    if days is None:
        return None
    if days < 0:
        return Badge(_t("ended"), "bad")
    words = ngettext("%d day left", "%d days left", days) % days
    return Badge(words, "warning" if days <= max(queries.WARNED) else "good")


def _used_by(row: Credential) -> list[str]:
    return queries.users_of(row.name)


def _limits(row: Credential) -> list[str]:
    limits = [
        (row.max_connections, _t("%d connections")),
        (row.messages_per_minute, _t("%d messages per minute")),
        (row.messages_per_day, _t("%d messages per day")),
    ]
    return [words % limit for limit, words in limits if limit is not None] or [_t("those of the provider")]


class CredentialPages(CrudView):
    model = Credential
    namespace = "credentials"
    noun, plural = _("credential"), _("credentials")
    title = _("Credentials")
    purpose = _(
        "What Send connectors sign in to smart hosts with. A secret is kept encrypted, and no page shows it again."
    )
    first_step = _("Add one, then choose it on a Send connector whose smart host wants a sign-in.")
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Kind"), "kind_label", sort="kind"),
        Column(_("User name"), "user_name", sort="user_name"),
        Column(_("Secret ends"), _ends, BADGE, sort="secret_ends"),
        Column(_("Used by"), _used_by, LINES, minor=True),
    ]
    details = [
        Detail(_("Kind"), "kind_label"),
        Detail(_("User name"), "user_name"),
        Detail(_("Tenant"), "tenant"),
        Detail(_("Application (client) ID"), "client_id"),
        Detail(_("Secret set"), "secret_set_at", TIME),
        Detail(_("Secret ends"), _ends, BADGE),
        Detail(_("Last access token"), lambda row: row.problem and _t("None: %s") % row.problem),
        Detail(_("Limits"), _limits, LINES),
        Detail(_("Used by"), lambda row: ", ".join(_used_by(row)) or _t("no connector")),
        Detail(_("Added"), "created_at", TIME),
    ]
    search = ["name", "user_name", "client_id"]
    form_class = CredentialForm
    writers = actions.WRITERS
    removal_warning = _("Its secret is forgotten: to sign in like this again, it must be entered again.")

    def show_form(self, obj: Any, form: Any = None) -> HttpResponse:
        """A new credential begins with its kind."""
        if obj is None and self.kind is None:
            kinds = [(kind.value, kind.label, MEANINGS[kind]) for kind in FORMS]
            context = {"kinds": kinds, "title": self.form_title(None), "cancel_url": self.after(None)}
            context["crumbs"] = [(self.heading_text, self.after(None))]
            return render(self.request, "credentials/kinds.html", context)
        return super().show_form(obj, form)

    @property
    def kind(self) -> CredentialKind | None:
        """That of a new credential, by the address of its form."""
        asked = self.request.GET.get("kind", "")
        found = next((kind for kind in FORMS if kind.value == asked), None)
        if asked and found is None:
            raise Http404
        return found

    def make_form(self, obj: Any = None) -> CredentialForm:
        kind = CredentialKind(obj.kind) if obj is not None else self.kind
        if kind is None:
            raise Http404
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return FORMS[kind](*data, instance=obj)

    def save(self, form: CredentialForm) -> Credential:
        secrets = form.secrets
        try:
            if form.instance is not None:
                return actions.change(self.actor, form.instance, form.wanted, secrets)
            assert self.kind is not None and secrets is not None
            return actions.add(self.actor, form.cleaned_data["name"], self.kind, form.wanted, secrets)
        except ValidationError:
            if secrets:
                messages.info(self.request, _t("Type the secret again: it is not kept on this page."))
            raise

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj)
