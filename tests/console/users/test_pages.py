"""Users and groups in the browser."""

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from spnego._ntlm_raw.crypto import ntowfv1

from console.actors import SYSTEM, Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.directory import actions as directory
from console.users import actions
from console.users.models import Group, User
from tests.console.builders import receive_connector
from transport.config.permissions import Grant, Right

pytestmark = pytest.mark.django_db
PASSWORD = "winter-rain-on-tin"
ANNA = {
    "name": "anna", "domain": "CONTOSO", "display_name": "Anna Berg", "addresses": "Anna@contoso.com",
    "password": PASSWORD, "again": PASSWORD,
}  # fmt: skip


@pytest.fixture(autouse=True)
def recipient(db):
    directory.add(SYSTEM, "anna@contoso.com")


def errors(answer):
    assert answer.status_code == 422
    return {field: " ".join(texts) for field, texts in answer.context["form"].errors.items()}


def test_a_user_is_added_listed_changed_and_removed(admin):
    actions.add_group(SYSTEM, "Scanners")
    answer = admin.post(reverse("users:new"), ANNA, follow=True)
    assert "CONTOSO\\anna is saved" in answer.text
    user = User.objects.get()
    assert PasswordHasher().verify(user.password, PASSWORD)
    assert "anna@contoso.com" in admin.get(reverse("users:list"), {"q": "berg"}).text
    group = Group.objects.get()
    changed = {"display_name": "Anna", "addresses": "", "groups_chosen": [group.pk], "name": "x", "domain": "Y"}
    admin.post(reverse("users:edit", args=[user.pk]), changed)
    user.refresh_from_db()
    assert (user.principal, user.display_name, user.addresses.count()) == ("CONTOSO\\anna", "Anna", 0)
    assert list(user.groups.all()) == [group]
    admin.post(reverse("users:remove"), {"pk": user.pk})
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"name": ""}, "name", "Enter the logon name"),
        ({"name": "an na"}, "name", "letters"),
        ({"name": "ANNA"}, "name", "already"),
        ({"domain": "NT AUTHORITY"}, "domain", "CONTOSO"),
        ({"addresses": "nobody@contoso.com"}, "addresses", "not in the directory"),
        ({"addresses": "nobody"}, "addresses", "Write it like"),
        ({"password": "short", "again": "short"}, "password", "12 characters"),
        ({"password": "password1234", "again": "password1234"}, "password", "common"),
        ({"password": "bertha-berg-1", "again": "bertha-berg-1", "display_name": "Bertha-Berg"}, "password", "similar"),
        ({"again": "something else"}, "again", "differ"),
    ],
)
def test_what_cannot_be_saved_is_explained_at_its_field(admin, changed, field, said):
    actions.add(SYSTEM, "Contoso", "Anna", PASSWORD)
    answer = admin.post(reverse("users:new"), ANNA | {"name": "bertha"} | changed)
    assert said in errors(answer)[field]
    assert User.objects.count() == 1


def test_the_password_is_set_anew(admin):
    user = actions.add(SYSTEM, "CONTOSO", "anna", PASSWORD)
    to_form = admin.post(reverse("users:act"), {"verb": "set-password", "pk": user.pk})
    assert to_form.url == reverse("users:password", args=[user.pk])
    assert "12 characters" in errors(admin.post(to_form.url, {"password": "x", "again": "x"}))["password"]
    admin.post(to_form.url, {"password": "another-long-one", "again": "another-long-one"})
    user.refresh_from_db()
    assert PasswordHasher().verify(user.password, "another-long-one")


def test_no_password_and_no_hash_is_ever_shown_or_recorded(admin):
    user = actions.add(SYSTEM, "CONTOSO", "anna", PASSWORD)
    actions.set_password(SYSTEM, user, "another-long-one")
    pages = [admin.get(reverse(f"users:{page}", args=[user.pk])).text for page in ("details", "edit", "password")]
    entries = str(list(Entry.objects.values_list("before", "after")))
    for text in (*pages, entries):
        assert "argon2" not in text and PASSWORD not in text and "another-long-one" not in text
    assert list(Entry.objects.filter(kind="User").order_by("id").values_list("verb", flat=True)) == [
        "added", "password set",
    ]  # fmt: skip


def test_a_user_is_disabled_and_enabled(admin):
    user = actions.add(SYSTEM, "CONTOSO", "anna", PASSWORD)
    for verb, enabled in (("disable", False), ("enable", True)):
        admin.post(reverse("users:act"), {"verb": verb, "pk": user.pk})
        user.refresh_from_db()
        assert user.enabled is enabled


def test_only_recipient_management_may_write(signed_in):
    reader, clerk = signed_in(Role.VIEW_ONLY), signed_in(Role.RECIPIENT_MANAGEMENT)
    assert reader.get(reverse("users:list")).status_code == 200
    assert reader.post(reverse("users:new"), ANNA).status_code == 403
    assert clerk.post(reverse("users:new"), ANNA).status_code == 302
    pk = User.objects.get().pk
    assert reader.post(reverse("users:password", args=[pk]), {"password": "x"}).status_code == 403
    assert reader.get(reverse("users:password", args=[pk])).status_code == 403


def test_groups_are_added_changed_and_removed(admin):
    admin.post(reverse("users:group-new"), {"name": "Scanners", "description": "on every floor"})
    group = Group.objects.get()
    admin.post(reverse("users:group-edit", args=[group.pk]), {"description": "cellar", "name": "Other"})
    group.refresh_from_db()
    assert (group.name, group.description) == ("Scanners", "cellar")
    assert "already" in errors(admin.post(reverse("users:group-new"), {"name": "scanners"}))["name"]
    assert "Choose another" in errors(admin.post(reverse("users:group-new"), {"name": "ExchangeLegacyInterop"}))["name"]
    assert "letters" in errors(admin.post(reverse("users:group-new"), {"name": "A\\B"}))["name"]
    admin.post(reverse("users:group-remove"), {"pk": group.pk})
    assert not Group.objects.exists()


def test_who_is_named_by_a_connector_stays(admin):
    user, group = actions.add(SYSTEM, "CONTOSO", "anna", PASSWORD), actions.add_group(SYSTEM, "Scanners")
    grants = tuple(sorted(Grant(who, Right.SUBMIT.value) for who in ("contoso\\ANNA", "Scanners")))
    connectors.create(SYSTEM, receive_connector("Office", grants=grants))
    for remove, what in ((actions.remove, user), (actions.remove_group, group)):
        with pytest.raises(ValidationError, match="Office"):
            remove(SYSTEM, what)
    answer = admin.post(reverse("users:remove"), {"pk": user.pk})
    assert answer.status_code == 422 and "Clear that first" in answer.text


def test_an_nt_hash_is_kept_only_for_users_of_ntlm_and_encrypted(admin, settings):
    admin.post(reverse("users:new"), ANNA | {"ntlm": "on"})
    user = User.objects.get()
    assert Fernet(settings.GATEPOST_SECRET_KEY).decrypt(user.nt_hash) == ntowfv1(PASSWORD)
    assert user.nt_hash not in admin.get(reverse("users:details", args=[user.pk])).text
    form = admin.get(reverse("users:password", args=[user.pk]))
    assert form.context["form"].initial["ntlm"] is True
    admin.post(reverse("users:password", args=[user.pk]), {"password": PASSWORD, "again": PASSWORD})
    user.refresh_from_db()
    assert user.nt_hash == ""


def test_the_nt_hash_is_that_of_windows():
    assert ntowfv1("Password").hex() == "a4f49c406510bdcab6824ee7c30fd852"


def test_a_page_of_one_user_reads_the_connectors_and_no_list_of_addresses(admin):
    admin.post(reverse("users:new"), ANNA)
    grant = Grant("CONTOSO\\anna", Right.SUBMIT.value)
    connectors.create(SYSTEM, receive_connector("For Anna", grants=(grant,)))
    with CaptureQueriesContext(connection) as asked:
        page = admin.get(reverse("users:details", args=[User.objects.get().pk])).text
    assert "For Anna" in page
    assert not [each["sql"] for each in asked if "protection_iplistentry" in each["sql"]]
