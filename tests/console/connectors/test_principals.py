"""Rights of users and groups of the directory on the Security tab."""

import pytest
from django.urls import reverse

from console.actors import SYSTEM
from console.connectors import actions, queries
from console.connectors.models import ReceiveConnector as Row
from console.users import actions as users
from tests.console.builders import ADMIN, receive_connector
from tests.console.connectors.test_pages import entered
from transport.config.permissions import Grant, Right

pytestmark = pytest.mark.django_db
ANNA = "CONTOSO\\anna"


@pytest.fixture
def row(db):
    users.add(SYSTEM, "CONTOSO", "anna", "winter-rain-on-tin")
    users.add_group(SYSTEM, "Scanners")
    return actions.create(ADMIN, receive_connector())


def security(row):
    return reverse("connectors:receive-properties", args=[row.pk, "security"])


def grants():
    return queries.receive(Row.objects.get()).grants


def test_a_user_gets_a_column_then_rights_which_stay(admin, row):
    data = entered(admin, row, "security") | {"add_principal": "contoso\\ANNA"}
    page = admin.post(security(row), data, headers={"HX-Request": "true", "HX-Target": "preview"})
    assert page.context["form"].principals[-1] == (ANNA, True)
    assert f'name="principal" value="{ANNA}"' in page.text
    chosen = data | {"principal": [ANNA], "right-6-submit": "grant", "right-6-bypass-anti-spam": "deny"}
    assert admin.post(security(row), chosen).status_code == 302
    expected = {Grant(ANNA, Right.SUBMIT.value), Grant(ANNA, Right.BYPASS_ANTI_SPAM.value, True)}
    assert set(grants()) == expected
    again = entered(admin, row, "security")
    assert again["right-6-submit"] == "grant"
    admin.post(security(row), again | {"principal": [ANNA], "right-6-submit": ""})
    assert grants() == (Grant(ANNA, Right.BYPASS_ANTI_SPAM.value, True),)


def test_without_javascript_the_column_comes_with_the_first_save(admin, row):
    data = entered(admin, row, "security") | {"add_principal": "scanners"}
    page = admin.post(security(row), data)
    assert page.status_code == 422 and "Choose the rights of Scanners" in page.text
    assert page.context["form"].named == ["Scanners"]
    done = admin.post(security(row), data | {"principal": ["Scanners"], "right-6-accept-any-recipient": "grant"})
    assert done.status_code == 302
    assert grants() == (Grant("Scanners", Right.ACCEPT_ANY_RECIPIENT.value),)


def test_whoever_is_not_in_the_directory_is_refused_at_the_field(admin, row):
    data = entered(admin, row, "security")
    page = admin.post(security(row), data | {"add_principal": "CONTOSO\\bob"})
    assert page.status_code == 422 and "no user or group" in " ".join(page.context["form"].errors["add_principal"])
    forged = admin.post(security(row), data | {"principal": ["CONTOSO\\bob"], "right-6-submit": "grant"})
    assert forged.status_code == 422 and "any more" in forged.text
    preview = {"headers": {"HX-Request": "true", "HX-Target": "preview"}}
    assert admin.post(security(row), data | {"principal": ["CONTOSO\\bob"]}, **preview).status_code == 200
    assert not grants()


def test_grants_of_columns_that_a_page_did_not_show_are_kept(admin, row):
    actions.update(ADMIN, type(queries.receive(row)), row.pk, {"grants": (Grant(ANNA, Right.SUBMIT.value),)})
    data = {name: value for name, value in entered(admin, row, "security").items() if not name.startswith("right-6")}
    assert admin.post(security(row), data).status_code == 302
    assert grants() == (Grant(ANNA, Right.SUBMIT.value),)
