"""Exercise 3 of document 002: users and groups whose mail a Send connector takes, or does not."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from console.actors import SYSTEM
from console.connectors import actions, queries
from console.connectors.models import SendConnector as Row
from console.directory import actions as directory
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.restore import restore
from console.users import actions as users
from console.users.models import Group
from tests.console.builders import ADMIN, receive_connector, send_connector
from tests.console.page_form import Form
from transport.config.permissions import ANONYMOUS
from transport.config.send_connector import SendConnector
from transport.send.address_spaces import AddressSpaces
from transport.send.choice import Mail, choose

pytestmark = pytest.mark.django_db
PASSWORD = "winter-rain-on-tin"


@pytest.fixture
def staff(db):
    """m.alexander and s.alexander; the group Clerks holds Trainees, which hold Clerks again."""
    found = {name: users.add(SYSTEM, "CONTOSO", name, PASSWORD) for name in ("m.alexander", "s.alexander", "m.allen")}
    clerks, trainees = users.add_group(SYSTEM, "Clerks"), users.add_group(SYSTEM, "Trainees")
    users.change_group(SYSTEM, clerks, "", [trainees])
    users.change_group(SYSTEM, trainees, "", [clerks])
    users.change(SYSTEM, found["m.allen"], "", (), [trainees])
    return found


def meant():
    return {each.name: each.principals for each in compile_snapshot(0).named_senders}


def refused(field):
    return lambda error: field in error.value.message_dict


def test_names_with_semicolons_become_the_users_of_the_directory(staff):
    row = actions.create(ADMIN, send_connector("General SMTP Connector"))
    changes = {"reject_messages_from": ("m.alexander", "S.Alexander", "clerks", "Spam@far.test")}
    actions.update(ADMIN, SendConnector, row.pk, changes)
    assert queries.send(Row.objects.get()).reject_messages_from == (
        "CONTOSO\\m.alexander", "CONTOSO\\s.alexander", "Clerks", "spam@far.test",
    )  # fmt: skip
    assert meant() == {
        "contoso\\m.alexander": ("contoso\\m.alexander",),
        "contoso\\s.alexander": ("contoso\\s.alexander",),
        "clerks": ("contoso\\m.allen",),
        "spam@far.test": (),
    }


def test_the_form_takes_the_list_as_it_is_printed(admin, staff):
    row = actions.create(ADMIN, send_connector("Out"))
    tab = reverse("connectors:send-properties", args=[row.pk, "delivery-restrictions"])
    entries = Form(admin.get(tab).text).sent
    first = admin.post(tab, entries | {"reject_messages_from": "m.alexander; s.alexander; m.allen"})
    assert first.status_code == 302
    assert queries.send(Row.objects.get()).reject_messages_from[2] == "CONTOSO\\m.allen"
    entries = Form(admin.get(tab).text).sent
    answer = admin.post(tab, entries | {"reject_messages_from": "m.alexander; n.anderson"})
    assert "There is no user or group “n.anderson”" in answer.text


@pytest.mark.parametrize("field", ["accept_messages_from", "reject_messages_from"])
def test_whoever_is_unknown_is_refused_at_the_field(staff, field):
    with pytest.raises(ValidationError) as error:
        actions.create(ADMIN, send_connector("Out", **{field: ("m.alexander", "n.anderson")}))
    assert error.value.message_dict[field] == [
        "There is no user or group “n.anderson”. Write a user whose name is there in several domains like "
        "CONTOSO\\anna."
    ]
    assert not Row.objects.exists()


def test_several_who_are_unknown_are_one_sentence(staff):
    with pytest.raises(ValidationError) as error:
        actions.create(ADMIN, send_connector("Out", reject_messages_from=("m.alexander", "m.al", "n.anderson")))
    (words,) = error.value.message_dict["reject_messages_from"]
    assert words.startswith("There is no user or group “m.al” or “n.anderson”. Write")


def test_a_name_that_two_domains_have_is_written_with_its_domain(staff):
    users.add(SYSTEM, "FABRIKAM", "m.alexander", PASSWORD)
    with pytest.raises(ValidationError, match="several domains"):
        actions.create(ADMIN, send_connector("Out", reject_messages_from=("m.alexander",)))
    actions.create(ADMIN, send_connector("Out", reject_messages_from=("fabrikam\\m.alexander",)))
    assert meant() == {"fabrikam\\m.alexander": ("fabrikam\\m.alexander",)}


def test_an_address_to_accept_must_be_a_users(staff):
    with pytest.raises(ValidationError, match="No user has the address"):
        actions.create(ADMIN, send_connector("Out", accept_messages_from=("m@contoso.com",)))
    directory.add(SYSTEM, "m@contoso.com")
    users.change(SYSTEM, staff["m.alexander"], "", ["m@contoso.com"], [])
    actions.create(ADMIN, send_connector("Out", accept_messages_from=("M@contoso.com",)))
    assert meant() == {"m@contoso.com": ("contoso\\m.alexander",)}
    with pytest.raises(ValidationError, match="No user has the address"):
        users.change(SYSTEM, staff["m.alexander"], "", [], [])


def test_who_is_turned_away_is_so_without_signing_in_too(staff):
    row = actions.create(ADMIN, send_connector("Out", reject_messages_from=("m.alexander", "Clerks")))
    directory.add(SYSTEM, "m@contoso.com")
    directory.add(SYSTEM, "allen@contoso.com")
    before = ConfigRevision.objects.count()
    users.change(SYSTEM, staff["m.alexander"], "", ["m@contoso.com"], [])
    assert ConfigRevision.objects.count() == before + 1
    users.change(SYSTEM, staff["m.allen"], "", ["allen@contoso.com"], [Group.objects.get(name="Clerks")])
    snapshot = compile_snapshot(0)
    routes = AddressSpaces(snapshot.send_connectors, snapshot.named_senders)
    chain = routes.chain("far.test", False)

    def takes(**mail):
        return choose(routes.candidates(chain), Mail(**mail)).connector is not None

    assert not takes(sender="M@contoso.com", principal=ANONYMOUS)
    assert not takes(sender="allen@contoso.com", principal=ANONYMOUS)
    assert takes(sender="anna@contoso.com", principal=ANONYMOUS)
    only = {"accept_messages_from": ("m.alexander",), "reject_messages_from": ()}
    actions.update(ADMIN, SendConnector, row.pk, only)
    snapshot = compile_snapshot(0)
    routes = AddressSpaces(snapshot.send_connectors, snapshot.named_senders)
    assert not takes(sender="m@contoso.com", principal=ANONYMOUS), "what nobody proved opens no door"
    assert takes(sender="m@contoso.com", principal="CONTOSO\\m.alexander")


def test_who_joins_a_group_is_restricted_by_the_next_revision(staff):
    actions.create(ADMIN, send_connector("Out", accept_messages_from=("Clerks",)))
    before = ConfigRevision.objects.count()
    users.change(SYSTEM, staff["m.alexander"], "", (), [Group.objects.get(name="Trainees")])
    assert ConfigRevision.objects.count() == before + 1
    assert ConfigRevision.objects.latest("number").comment == "User CONTOSO\\m.alexander: changed"
    assert meant() == {"clerks": ("contoso\\m.alexander", "contoso\\m.allen")}
    users.change(SYSTEM, staff["s.alexander"], "Sarah", (), [])
    assert ConfigRevision.objects.count() == before + 1, "whoever is named nowhere makes no revision"


def test_who_is_named_is_not_removed(staff):
    actions.create(ADMIN, send_connector("Out", reject_messages_from=("m.alexander", "Clerks")))
    for remove, what in ((users.remove, staff["m.alexander"]), (users.remove_group, Group.objects.get(name="Clerks"))):
        with pytest.raises(ValidationError, match=r"Connectors name .*: Out\. Clear"):
            remove(SYSTEM, what)
    users.remove(SYSTEM, staff["m.allen"])
    assert meant()["clerks"] == ()


def test_a_revision_is_restored_with_the_members_of_today(staff):
    actions.create(ADMIN, send_connector("Out", accept_messages_from=("Clerks",)))
    number = ConfigRevision.objects.latest("number").number
    actions.update(ADMIN, SendConnector, Row.objects.get().pk, {"accept_messages_from": ()})
    users.change(SYSTEM, staff["m.alexander"], "", (), [Group.objects.get(name="Clerks")])
    restore(ADMIN, number)
    assert meant() == {"clerks": ("contoso\\m.alexander", "contoso\\m.allen")}
    actions.update(ADMIN, SendConnector, Row.objects.get().pk, {"accept_messages_from": ()})
    users.remove_group(SYSTEM, Group.objects.get(name="Clerks"))
    with pytest.raises(ValidationError, match="There is no user or group “Clerks”"):
        restore(ADMIN, number)


def test_a_receive_connector_that_is_named_must_be_there_and_stay(staff):
    with pytest.raises(ValidationError) as error:
        actions.create(ADMIN, send_connector("Out", source_receive_connectors=("Devices",)))
    assert error.value.message_dict == {"source_receive_connectors": ["There is no Receive connector “Devices”."]}
    device = actions.create(ADMIN, receive_connector("Devices"))
    actions.create(ADMIN, send_connector("Out", source_receive_connectors=("devices",)))
    with pytest.raises(ValidationError, match="There is no Receive connector"):
        actions.remove(ADMIN, type(receive_connector("x")), device.pk)


def test_groups_are_put_into_groups_on_their_page(admin, staff):
    group = Group.objects.get(name="Clerks")
    page = admin.get(reverse("users:group-edit", args=[group.pk]))
    assert "Trainees" in page.text and "Groups in it" in page.text
    admin.post(reverse("users:group-edit", args=[group.pk]), {"name": "Clerks", "description": "x", "members": []})
    assert not group.members.exists()
