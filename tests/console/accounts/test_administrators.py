from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from console.accounts import actions
from console.actors import SYSTEM, Actor, Role
from console.audit.models import Entry

LIST = "/administration/admin-roles/"
NEW = f"{LIST}new"
PASSWORD = "correct horse battery"
ALL = Role.ORGANIZATION_MANAGEMENT


def add(name: str = "anna", *roles: Role) -> User:
    return actions.add(SYSTEM, name, PASSWORD, roles or {Role.VIEW_ONLY})


def new(**changes: object) -> dict[str, object]:
    form = {"username": "anna", "full_name": "Anna Pfister", "roles": ["Hygiene Management"]}
    return form | {"password": PASSWORD, "again": PASSWORD} | changes


def test_an_administrator_is_added_listed_and_recorded(admin: Client) -> None:
    answer = admin.post(NEW, new(), follow=True)
    assert "anna is saved" in answer.text
    assert "Hygiene Management" in answer.text
    user = User.objects.get(username="anna")
    assert user.check_password(PASSWORD)
    entry = Entry.objects.get(object_name="anna")
    assert entry.after == {
        "user name": "anna",
        "full name": "Anna Pfister",
        "enabled": True,
        "roles": ["Hygiene Management"],
    }
    assert PASSWORD not in str(entry.after)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"username": ""}, "username", "Enter the user name."),
        ({"roles": []}, "roles", "at least one role"),
        ({"again": "something else"}, "again", "differ"),
        ({"password": "short", "again": "short"}, "password", "too short"),
        ({"username": "ANNA"}, "username", "Choose another user name"),
    ],
)
def test_errors_stand_at_their_field(admin: Client, changes: dict[str, object], field: str, words: str) -> None:
    add("anna")
    answer = admin.post(NEW, new(username="bruno") | changes)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.text
    assert f'href="#id_{field}' in answer.text
    assert User.objects.filter(username="bruno").count() == 0


def test_roles_are_changed_and_both_states_recorded(admin: Client) -> None:
    user = add("anna", Role.VIEW_ONLY)
    admin.post(f"{LIST}{user.pk}/edit", {"full_name": "Anna", "roles": ["Recipient Management"]})
    entry = Entry.objects.filter(verb="changed").get()
    assert entry.before["roles"] == ["View-Only Organization Management"]
    assert entry.after["roles"] == ["Recipient Management"]


def test_the_last_one_who_may_do_everything_stays(admin: Client) -> None:
    me = User.objects.get()
    form = {"full_name": "", "roles": ["View-Only Organization Management"]}
    answer = admin.post(f"{LIST}{me.pk}/edit", form)
    assert "Nobody would be left" in str(answer.context["form"].errors["roles"])
    assert me.groups.get().name == ALL


def test_nobody_disables_or_removes_themselves(admin: Client) -> None:
    me = User.objects.get()
    add("other", ALL)
    assert "cannot disable yourself" in admin.post(f"{LIST}act", {"verb": "disable", "pk": me.pk}, follow=True).text
    assert "cannot remove yourself" in admin.post(f"{LIST}remove", {"pk": me.pk}).text


def test_disable_and_enable_several_at_once(admin: Client) -> None:
    users = [add("anna"), add("bruno")]
    keys = [user.pk for user in users]
    admin.post(f"{LIST}act", {"verb": "disable", "pk": keys})
    assert User.objects.filter(is_active=False).count() == 2
    admin.post(f"{LIST}act", {"verb": "enable", "pk": keys})
    assert User.objects.filter(is_active=False).count() == 0


def test_removing_asks_first_and_keeps_the_history(admin: Client) -> None:
    user = add("anna")
    asked = admin.post(f"{LIST}act", {"verb": "remove", "pk": user.pk}, follow=True)
    assert "Remove anna?" in asked.text
    admin.post(f"{LIST}remove", {"pk": user.pk})
    assert not User.objects.filter(username="anna").exists()
    assert Entry.objects.filter(object_name="anna", verb="removed").exists()


def test_setting_a_password_ends_that_users_sessions(admin: Client) -> None:
    user = add("anna")
    theirs = Client()
    theirs.force_login(user)
    new_password = "a new long password"
    assert admin.get(f"{LIST}{user.pk}/password").status_code == 200
    admin.post(f"{LIST}{user.pk}/password", {"password": new_password, "again": new_password})
    assert theirs.get("/").status_code == 302
    user.refresh_from_db()
    assert user.check_password(new_password)


@pytest.mark.parametrize("role", [role for role in Role if role is not ALL])
def test_other_roles_neither_see_nor_reach_the_administrators(signed_in: Callable[..., Client], role: Role) -> None:
    client = signed_in(role)
    assert "Administrators" not in client.get("/").text
    user = add("target")
    for path in (LIST, NEW, f"{LIST}{user.pk}/", f"{LIST}{user.pk}/edit", f"{LIST}{user.pk}/password"):
        assert client.get(path).status_code == 403
    for path in (NEW, f"{LIST}act", f"{LIST}remove", f"{LIST}{user.pk}/edit", f"{LIST}{user.pk}/password"):
        assert client.post(path, {"pk": user.pk, "verb": "disable"}).status_code == 403
    user.refresh_from_db()
    assert user.is_active


def test_somebody_without_a_role_sees_nothing(signed_in: Callable[..., Client]) -> None:
    answer = signed_in().get("/")
    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.text


def test_the_actions_ask_for_the_role_themselves(db: None) -> None:
    viewer, user = Actor("viewer", frozenset({Role.VIEW_ONLY})), add("anna")
    for write in (
        lambda: actions.add(viewer, "x", PASSWORD, {ALL}),
        lambda: actions.change(viewer, user, {ALL}, ""),
        lambda: actions.set_password(viewer, user, PASSWORD),
        lambda: actions.set_enabled(viewer, user, False),
        lambda: actions.remove(viewer, user),
    ):
        with pytest.raises(PermissionDenied, match="Organization Management"):
            write()


def test_an_action_that_is_refused_writes_nothing(db: None) -> None:
    only = add("only", ALL)
    with pytest.raises(ValidationError):
        actions.remove(SYSTEM, only)
    assert User.objects.filter(username="only").exists()
    assert not Entry.objects.filter(verb="removed").exists()


def test_a_role_gives_what_it_says() -> None:
    hygiene = Actor("anna", frozenset({Role.HYGIENE_MANAGEMENT}))
    assert hygiene.may(Role.HYGIENE_MANAGEMENT)
    assert not hygiene.may(Role.RECIPIENT_MANAGEMENT)
    assert SYSTEM.may(Role.RECIPIENT_MANAGEMENT)
    with pytest.raises(PermissionDenied, match="Organization Management or Recipient Management"):
        hygiene.require(Role.RECIPIENT_MANAGEMENT)


def test_several_are_removed_together_or_not_at_all(admin: Client) -> None:
    me, anna = User.objects.get(), add("anna")
    answer = admin.post(f"{LIST}remove", {"pk": [anna.pk, me.pk]})
    assert answer.status_code == 422
    assert "cannot remove yourself" in answer.text
    assert "Remove 2 administrators?" in answer.text
    assert User.objects.filter(username="anna").exists()
