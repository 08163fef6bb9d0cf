from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud import BADGE, LINES, MONO, NUMBER, TIME, Badge, Column, CrudView, Detail, Filter, Verb
from console.crud.action_page import ActionPage
from console.users import actions, queries
from console.users.forms import GroupForm, NewUserForm, SetPasswordForm, UserForm
from console.users.models import Group, User

STATES = [("True", _("Enabled")), ("False", _("Disabled"))]


def _state(user: User) -> Badge:
    return Badge(_("Enabled"), "good") if user.enabled else Badge(_("Disabled"), "neutral")


class UserPages(CrudView):
    model = User
    namespace = "users"
    noun, plural = _("user"), _("users")
    title = _("SMTP users")
    purpose = _("People, devices and applications that sign in to hand in mail. They do not sign in to this console.")
    first_step = _("Add a user, then tick Basic authentication and Exchange users on the Security tab of a connector.")
    is_tagged = copies = True
    columns = [
        Column(_("User"), "principal", MONO, sort="name"),
        Column(_("Display name"), "display_name", sort="display_name"),
        Column(_("Addresses"), queries.addresses_of, LINES, minor=True),
        Column(_("Groups"), lambda user: ", ".join(queries.groups_of(user)), minor=True),
        Column(_("Status"), _state, BADGE, sort="enabled"),
    ]
    details = [
        Detail(_("Display name"), "display_name"),
        Detail(_("Status"), _state, BADGE),
        Detail(_("Addresses"), queries.addresses_of, LINES),
        Detail(_("Groups"), lambda user: ", ".join(queries.groups_of(user))),
        Detail(_("Named by connectors"), lambda user: queries.connectors_naming(user.principal), LINES),
        Detail(_("NTLM"), lambda user: _t("Allowed") if user.ntlm else _t("Not allowed")),
        Detail(_("Password set"), "password_set_at", TIME),
        Detail(_("Added"), "created_at", TIME),
    ]
    search = ["name", "domain", "display_name", "addresses__address", "groups__name"]
    filters = [Filter("enabled", _("Status"), STATES)]
    verbs = [
        Verb("enable", _("Enable"), "power", _("enabled")),
        Verb("disable", _("Disable"), "power-off", _("disabled")),
        Verb("set-password", _("Set password"), "key-round", bulk=False),
    ]
    form_class = UserForm
    writers = actions.WRITERS
    removal_warning = _("They cannot sign in any more. Their recipients and mailboxes stay.")

    def rows(self) -> Any:
        return queries.users()

    def filtered(self, rows: Any) -> Any:
        return super().filtered(rows).distinct()

    def may(self, verb: Verb, obj: Any) -> bool:
        return bool({"enable": not obj.enabled, "disable": obj.enabled}.get(verb.name, True))

    def make_form(self, obj: Any = None) -> UserForm:
        data = (self.request.POST,) if self.request.method == "POST" else ()
        return UserForm(*data, instance=obj) if obj else NewUserForm(*data)

    def save(self, form: UserForm) -> User:
        given = form.cleaned_data
        try:
            if form.instance is not None:
                return actions.change(
                    self.actor, form.instance, given["display_name"], given["addresses"], given["groups_chosen"]
                )
            who = given["domain"], given["name"], given["password"], given["display_name"]
            return actions.add(self.actor, *who, given["addresses"], given["groups_chosen"], given["ntlm"])
        except ValidationError:
            if "password" in form.fields:
                messages.info(self.request, _t("Type the password again: it is not kept on this page."))
            raise

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj)

    def enable(self, obj: Any) -> None:
        actions.set_enabled(self.actor, obj, True)

    def disable(self, obj: Any) -> None:
        actions.set_enabled(self.actor, obj, False)

    def act(self, name: str, keys: Any) -> HttpResponse:
        chosen = self.chosen(keys)
        if name == "set-password" and chosen:
            return redirect("users:password", pk=chosen[0].pk)
        return super().act(name, keys)


class SetPassword(ActionPage):
    """A user's new password."""

    form_class = SetPasswordForm
    writers = actions.WRITERS

    @cached_property
    def whose(self) -> User:
        return get_object_or_404(User, pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"ntlm": self.whose.ntlm}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        title = _t("Set the password of %s") % self.whose
        context |= {"title": title, "cancel_url": reverse("users:details", args=[self.whose.pk])}
        return super().get_context_data(crumbs=[(_t("SMTP users"), reverse("users:list"))], **context)

    def submit(self, form: SetPasswordForm) -> HttpResponse:
        actions.set_password(self.actor, self.whose, form.cleaned_data["password"], form.cleaned_data["ntlm"])
        messages.success(self.request, _t("The password of %s is set. It holds from the next sign-in on.") % self.whose)
        return redirect("users:details", pk=self.whose.pk)


class GroupPages(CrudView):
    model = Group
    namespace = "users"
    prefix = "group-"
    noun, plural = _("group"), _("groups")
    purpose = _(
        "Users who share rights: grant them on a Receive connector's Security tab, or name the group on a Send "
        "connector's Delivery restrictions tab."
    )
    first_step = _("Add a group, then put users into it.")
    is_tagged = copies = True
    named_by = ["name"]
    columns = [
        Column(_("Name"), "name", MONO, sort="name"),
        Column(_("Description"), "description", sort="description"),
        Column(_("Users"), "user_count", NUMBER, sort="user_count"),
    ]
    details = [
        Detail(_("Description"), "description"),
        Detail(_("Users"), lambda group: sorted(str(user) for user in group.users.all()), LINES),
        Detail(_("Groups in it"), queries.members_of, LINES),
        Detail(_("Named by connectors"), lambda group: queries.connectors_naming(group.principal), LINES),
    ]
    search = ["name", "description"]
    form_class = GroupForm
    writers = actions.WRITERS
    removal_warning = _("Its users stay and lose the rights that they had through the group.")

    def rows(self) -> Any:
        return queries.groups()

    def make_form(self, obj: Any = None) -> GroupForm:
        return GroupForm(self.request.POST if self.request.method == "POST" else None, instance=obj)

    def save(self, form: GroupForm) -> Group:
        given, members = form.cleaned_data, form.cleaned_data.get("members", ())
        if form.instance is not None:
            return actions.change_group(self.actor, form.instance, given["description"], members)
        return actions.add_group(self.actor, given["name"], given["description"], members)

    def remove(self, obj: Any) -> None:
        actions.remove_group(self.actor, obj)
