"""A user as the What-if takes it for granted is the one that the transport finds when they sign in."""

from __future__ import annotations

import pytest
from django.db import connection

from console.directory.models import Recipient
from console.users.models import Group, User
from console.users.queries import signed_in
from transport.receive.session import User as SignedIn
from transport.shell.queries import QUERIES

NAMES = (
    r"CONTOSO\anna",
    r"contoso\ANNA",
    "anna",
    "ben",
    r"FABRIKAM\ben",
    r"CONTOSO\ben",
    r"CONTOSO\nobody",
    "nobody",
    "",
)


@pytest.fixture(autouse=True)
def directory(db: None) -> None:
    """Anna is in Sales, which is in Staff, which is in a circle; there are two named Ben, and one is disabled."""
    anna = User.objects.create(domain="CONTOSO", name="anna")
    User.objects.create(domain="CONTOSO", name="ben")
    User.objects.create(domain="FABRIKAM", name="ben", enabled=False)
    sales, staff, all_ = (Group.objects.create(name=name) for name in ("Sales", "Staff", "All"))
    Group.objects.create(name="Others")
    staff.members.add(sales)
    all_.members.add(staff)
    staff.members.add(all_)
    anna.groups.add(sales)
    addresses = [("anna@contoso.com", False), ("a@contoso.com", False), ("gone@contoso.com", True)]
    for number, (address, deleted) in enumerate(addresses, 1):
        anna.addresses.add(Recipient.objects.create(address=address, deleted=deleted, change_number=number))


def found_by_the_transport(name: str) -> SignedIn | None:
    domain, _, user = name.lower().rpartition("\\")
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["user_by_logon"].decode(), {"user": user, "domain": domain, "address": ""})
        rows = [row for row in cursor.fetchall() if row[2]]
    if len(rows) != 1:
        return None
    name, _hash, _enabled, _nt_hash, groups, addresses = rows[0]
    return SignedIn(name, tuple(sorted(groups)), frozenset(addresses))


@pytest.mark.parametrize("name", [each for each in NAMES if each != "ben"])
def test_both_find_the_same(name: str) -> None:
    assert signed_in(name) == found_by_the_transport(name)


def test_who_is_named_by_a_name_that_several_have_is_nobody() -> None:
    assert signed_in("ben") is None
