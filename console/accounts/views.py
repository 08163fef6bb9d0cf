from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from console.accounts import actions, preferences
from console.accounts.devices import name_of_device, remember_device
from console.accounts.forms import NewAdministratorForm, PreferencesForm, RolesForm, SetPasswordForm, SignInForm
from console.accounts.kept_entries import KEPT
from console.accounts.preferences import THEME_COOKIE
from console.actors import Actor, Role
from console.crud.action_page import ActionPage
from console.crud.again import own_page
from console.crud.columns import BADGE, NAME, TIME, Badge, Column, Detail, Verb
from console.crud.reader import THEMES
from console.crud.views import CrudView

log = logging.getLogger(__name__)


@method_decorator(login_not_required, name="dispatch")
class SignIn(auth_views.LoginView):
    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # A fragment was asked for after the session ended: the whole page signs in again.
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Refresh": "true"})
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(why=self._why(), **context)

    def _why(self) -> str:
        """Why there is a sign-in where another page was asked for."""
        if KEPT in self.request.session:
            return gettext("Your session has ended. Sign in, and what you entered is here again.")
        if name_of_device(self.request) and self.get_redirect_url().strip("/"):
            return gettext("Your session has ended. Sign in to go on where you were.")
        return ""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        remember_device(response, form.get_user().get_username())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        too_many = form.has_error("__all__", "wait")
        log.warning("Sign-in from %s refused%s", self.request.META.get("REMOTE_ADDR"), ": too many" if too_many else "")
        return self.render_to_response(self.get_context_data(form=form), status=429 if too_many else 422)


class Password(FormView):  # type: ignore[type-arg]  # takes no argument when it runs
    """One's own password."""

    form_class = PasswordChangeForm
    template_name = "crud/form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("Change password"), cancel_url=reverse("overview:home"), **context)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        user: User = form.user
        actions.set_password(Actor.of(user), user, form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, user)
        messages.success(self.request, _("Your password is changed. Other browsers are signed out."))
        return redirect("overview:home")

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class PreferencesPage(FormView):  # type: ignore[type-arg]  # takes no argument when it runs
    """How one likes to read."""

    form_class = PreferencesForm
    template_name = "crud/form.html"

    def get_initial(self) -> dict[str, Any]:
        return model_to_dict(preferences.of(cast(User, self.request.user)))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("Preferences"), cancel_url=reverse("overview:home"), **context)

    def form_valid(self, form: PreferencesForm) -> HttpResponse:
        actions.prefer(cast(User, self.request.user), **form.cleaned_data)
        messages.success(self.request, _("Your preferences are saved."))
        return redirect("accounts:preferences")

    def form_invalid(self, form: PreferencesForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system says: in this browser, and for who has chosen a theme of theirs, there."""
    response = redirect(own_page(request.POST.get("next", "")) or "overview:home")
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(THEME_COOKIE, chosen, max_age=365 * 86400, samesite="Lax", secure=secure)
        if isinstance(request.user, User) and preferences.of(request.user).theme:
            actions.prefer(request.user, theme=chosen)
    return response


def _roles(user: User) -> list[str]:
    return [group.name for group in user.groups.all()]


def _status(user: User) -> Badge:
    return Badge(_("Enabled"), "good") if user.is_active else Badge(_("Disabled"), "neutral")


class AdministratorPages(CrudView):
    model = User
    namespace = "accounts"
    prefix = "admin-"
    noun, plural = _("administrator"), _("administrators")
    title = _("Administrators")
    purpose = _("Who may sign in to this console, and what each of them may do. The roles carry Exchange's names.")
    is_tagged = copies = True
    columns = [
        Column(_("User name"), "username", NAME, sort="username"),
        Column(_("Full name"), "first_name", sort="first_name", minor=True),
        Column(_("Roles"), lambda user: ", ".join(_roles(user))),
        Column(_("Status"), _status, BADGE, sort="is_active"),
        Column(_("Last sign-in"), "last_login", TIME, sort="last_login", minor=True),
    ]
    details = [
        Detail(_("Full name"), "first_name"),
        Detail(_("Status"), _status, BADGE),
        Detail(_("Roles"), lambda user: ", ".join(_roles(user))),
        Detail(_("Last sign-in"), "last_login", TIME),
        Detail(_("Added"), "date_joined", TIME),
    ]
    search = ["username", "first_name", "groups__name"]
    verbs = [
        Verb("enable", _("Enable"), "power", _("enabled")),
        Verb("disable", _("Disable"), "power-off", _("disabled")),
        Verb("set-password", _("Set password"), "key-round", bulk=False),
    ]
    form_class = RolesForm
    readers = writers = frozenset({Role.ORGANIZATION_MANAGEMENT})

    def rows(self) -> QuerySet[User]:
        return User.objects.prefetch_related("groups").order_by("username")

    def filtered(self, rows: Any) -> Any:
        return super().filtered(rows).distinct()

    def may(self, verb: Verb, obj: User) -> bool:
        return {"enable": not obj.is_active, "disable": obj.is_active}.get(verb.name, True)

    def make_form(self, obj: User | None = None) -> RolesForm:
        data = self.request.POST if self.request.method == "POST" else None
        return NewAdministratorForm(data) if obj is None else RolesForm(data, instance=obj)

    def save(self, form: Any) -> User:
        roles, full_name = form.chosen_roles, form.cleaned_data["full_name"]
        if form.instance is not None:
            return actions.change(self.actor, form.instance, roles, full_name)
        return actions.add(self.actor, form.cleaned_data["username"], form.cleaned_data["password"], roles, full_name)

    def remove(self, obj: User) -> None:
        actions.remove(self.actor, obj)

    def enable(self, obj: User) -> None:
        actions.set_enabled(self.actor, obj, True)

    def disable(self, obj: User) -> None:
        actions.set_enabled(self.actor, obj, False)

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        if name == "set-password" and keys:
            return redirect("accounts:admin-password", pk=self.chosen(keys)[0].pk)
        return super().act(name, keys)


class SetPassword(ActionPage):
    """Another administrator's password."""

    form_class = SetPasswordForm

    @cached_property
    def whose(self) -> User:
        return get_object_or_404(User, pk=self.kwargs["pk"])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        title = _("Set the password of %s") % self.whose.username
        context |= {"title": title, "cancel_url": reverse("accounts:admin-details", args=[self.whose.pk])}
        return super().get_context_data(crumbs=[(_("Administrators"), reverse("accounts:admin-list"))], **context)

    def submit(self, form: SetPasswordForm) -> HttpResponse:
        actions.set_password(self.actor, self.whose, form.cleaned_data["password"])
        text = _("The password of %s is set. Their sessions are signed out.") % self.whose.username
        messages.success(self.request, text)
        return redirect("accounts:admin-details", pk=self.whose.pk)
