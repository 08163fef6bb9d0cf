from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import slug_re
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console import clock
from console.credentials import actions, queries
from console.credentials.forms import FORMS, MEANINGS, CredentialForm, SignInForm
from console.credentials.models import Credential
from console.credentials.queries import DRAFT
from console.crud import BADGE, LINES, NAME, TIME, Badge, Column, CrudView, Detail, Verb
from console.crud.action_page import ActionPage
from console.crud.said import said
from console.sealing import opened, sealed
from transport.config.credential import CredentialKind
from transport.config.providers import BY_PROVIDER


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
    limits: list[tuple[int | None, Callable[[int], str]]] = [
        (row.max_connections, lambda n: ngettext("%d connection", "%d connections", n)),
        (row.messages_per_minute, lambda n: ngettext("%d message per minute", "%d messages per minute", n)),
        (row.messages_per_day, _of_recipients if queries.counts_recipients(row.name) else _of_messages),
    ]
    return [words(n) % n for n, words in limits if n is not None] or [_t("those of the provider")]


def _of_recipients(n: int) -> str:
    return ngettext("%d recipient per day", "%d recipients per day", n)


def _of_messages(n: int) -> str:
    return ngettext("%d message per day", "%d messages per day", n)


def _token(row: Credential) -> str:
    """What came of asking for one; nothing before the first time, and of passwords."""
    if row.problem:
        return _t("None: %s") % row.problem
    good = row.token_expires_at is not None and row.token_expires_at > clock.now()
    return _t("There is one that is good now") if good else ""


class CredentialPages(CrudView):
    model = Credential
    namespace = "credentials"
    noun, plural = _("credential"), _("credentials")
    title = _("Credentials")
    purpose = _(
        "What Send connectors sign in to smart hosts with. A secret is kept encrypted, and no page shows it again."
    )
    first_step = _("Add one, then choose it on a Send connector whose smart host wants a sign-in.")
    is_tagged = copies = True
    named_by = ["name"]
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Kind"), "kind_label", sort="kind", minor=True),
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
        Detail(_("Access token"), _token),
        Detail(_("Limits"), _limits, LINES),
        Detail(_("Used by"), lambda row: _used_by(row) or [_t("no connector")], LINES),
        Detail(_("Added"), "created_at", TIME),
    ]
    search = ["name", "user_name", "client_id"]
    verbs = [Verb("sign-in", _("Sign in at Microsoft"), "key-round", bulk=False)]
    form_class = CredentialForm
    writers = actions.WRITERS
    removal_warning = _("Its secret is forgotten: to sign in like this again, it must be entered again.")

    def show_form(self, obj: Any, form: Any = None) -> HttpResponse:
        """A new credential begins with its kind."""
        if obj is None and self.kind is None:
            kinds = [(kind.value, said(kind.label), MEANINGS[kind]) for kind in FORMS]
            context = {"kinds": kinds, "title": self.form_title(None), "cancel_url": self.after(None)}
            context["draft"] = self.request.GET.get(DRAFT, "")
            context["crumbs"] = [(self.heading_text, self.after(None))]
            return render(self.request, "credentials/kinds.html", context)
        return super().show_form(obj, form)

    @property
    def kind(self) -> CredentialKind | None:
        """That of a new credential, by the address of its form."""
        if self.copied_from is not None:
            return CredentialKind(self.copied_from.kind)
        asked = self.request.GET.get("kind", "")
        found = next((kind for kind in FORMS if kind.value == asked), None)
        if asked and found is None:
            raise Http404
        return found

    def after(self, obj: Any) -> str:
        """Who came from a provider's page, or from the draft of a connector, goes on there, with it chosen."""
        asked, draft = self.request.GET.get("provider", ""), self.request.GET.get(DRAFT, "")
        chosen = "?" + urlencode({"credential": obj.name}) if obj is not None else ""
        if asked in {one.value for one in BY_PROVIDER}:
            return reverse("connectors:send-provider", args=[asked]) + chosen
        if slug_re.fullmatch(draft):
            return reverse("connectors:send-wizard-step", args=[draft, "sign-in"]) + chosen
        return super().after(obj)

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

    def may(self, verb: Verb, obj: Any) -> bool:
        return verb.name != "sign-in" or bool(obj.kind == CredentialKind.Microsoft365Person)

    def sign_in(self, obj: Any) -> None:
        """The page is elsewhere."""

    def act(self, name: str, keys: Any) -> HttpResponse:
        chosen = self.chosen(keys)
        if name == "sign-in" and chosen and self.may(self.verbs[0], chosen[0]):
            return redirect("credentials:sign-in", pk=chosen[0].pk)
        return super().act(name, keys)


class SignIn(ActionPage):
    """A person signs in at Microsoft with a code (RFC 8628), and says here that it is done. What the code is for stays
    in the session, encrypted.
    """

    form_class = SignInForm
    template_name = "credentials/sign_in.html"
    writers = actions.WRITERS

    @cached_property
    def row(self) -> Credential:
        return get_object_or_404(Credential, pk=self.kwargs["pk"], kind=CredentialKind.Microsoft365Person)

    @property
    def place(self) -> str:
        return f"sign-in-{self.row.pk}"

    @property
    def begun(self) -> dict[str, Any]:
        token = self.request.session.get(self.place, "")
        found: dict[str, Any] = json.loads(opened(token)) if token else {}
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        try:
            begun = json.dumps(actions.begin_sign_in(self.actor, self.row))
            request.session[self.place] = sealed(begun.encode())
        except ValidationError as error:
            request.session.pop(self.place, None)
            messages.error(request, " ".join(error.messages))
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        title = _t("Sign in for %s") % self.row
        context |= {"title": title, "cancel_url": reverse("credentials:details", args=[self.row.pk])}
        context |= {"begun": self.begun, "row": self.row}
        return super().get_context_data(crumbs=[(_t("Credentials"), reverse("credentials:list"))], **context)

    def submit(self, form: SignInForm) -> HttpResponse:
        try:
            actions.finish_sign_in(self.actor, self.row, self.begun)
        except ValidationError as error:
            if error.code != actions.AGAIN:
                self.request.session.pop(self.place, None)
            raise
        self.request.session.pop(self.place, None)
        messages.success(self.request, _t("Signed in: mail can leave as %s.") % self.row.user_name)
        return redirect("credentials:details", pk=self.row.pk)
