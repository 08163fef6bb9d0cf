"""Accepted domains: the rules of Exchange reference, section 4.1."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from console.actors import Role
from console.domains import actions
from console.domains.models import AcceptedDomain as Row
from console.publishing import queries
from tests.console.builders import ADMIN, HYGIENE, accepted_domain

pytestmark = pytest.mark.django_db


def add(client, domain, /, **entries):
    data = {"domain_name": domain, "name": "", "domain_type": "Authoritative", "address_book_enabled": "on"}
    data |= {"deliver_to": "Usual", "pick_up_methods": "ETRN", "pick_up_expiration_timeout": "Unlimited"}
    return client.post(reverse("domains:new"), data | entries, follow=True)


def published():
    return queries.snapshot(queries.newest_with_document()).accepted_domains


def test_the_first_domain_is_the_default(admin):
    assert "contoso.com is saved" in add(admin, "Contoso.com").text
    assert published() == (accepted_domain("contoso.com", default=True),)


def test_another_default_takes_its_place(admin):
    add(admin, "contoso.com")
    add(admin, "fabrikam.com", default="on")
    assert [(domain.name, domain.default) for domain in published()] == [("contoso.com", False), ("fabrikam.com", True)]
    admin.post(reverse("domains:act"), {"verb": "make-default", "pk": Row.objects.get(name="contoso.com").pk})
    assert Row.objects.get(default=True).name == "contoso.com"


def test_the_default_is_neither_cleared_nor_removed(admin):
    row = actions.create(ADMIN, accepted_domain())
    with pytest.raises(ValidationError, match="One domain is always the default"):
        actions.update(ADMIN, row.pk, {"default": False})
    with pytest.raises(ValidationError, match="is the default domain"):
        actions.remove(ADMIN, row.pk)
    assert Row.objects.get().default


def test_a_name_in_other_letters_becomes_its_a_label(admin):
    add(admin, "münchen.example")
    assert Row.objects.get().domain_name == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "name", ["**", "a.*.contoso.com", "*contoso.com", "contoso..com", "-a.com", "a b.com", "", "x" * 300]
)
def test_what_is_no_domain(admin, name):
    page = add(admin, name)
    assert page.status_code == 422
    assert page.context["form"].errors["domain_name"]
    assert not Row.objects.exists()


def test_a_wildcard_a_duplicate_and_a_name_twice(admin):
    assert add(admin, "contoso.com").status_code == add(admin, "*.contoso.com").status_code == 200
    assert "is an accepted domain already" in add(admin, "CONTOSO.com").text
    assert "choose another name" in add(admin, "fabrikam.com", name="contoso.com").text


def test_the_domain_itself_is_fixed(admin):
    row = actions.create(ADMIN, accepted_domain())
    data = {
        "domain_name": "other.com",
        "name": "Contoso",
        "domain_type": "InternalRelay",
        "default": "on",
        "deliver_to": "Usual",
        "pick_up_expiration_timeout": "Unlimited",
    }
    admin.post(reverse("domains:edit", args=[row.pk]), data)
    row.refresh_from_db()
    assert (row.domain_name, row.name, row.domain_type) == ("contoso.com", "Contoso", "InternalRelay")
    with pytest.raises(ValidationError, match="cannot be changed"):
        actions.update(ADMIN, row.pk, {"domain_name": "other.com"})


def test_removal(admin):
    actions.create(ADMIN, accepted_domain("contoso.com"))
    other = actions.create(ADMIN, accepted_domain("fabrikam.com"))
    admin.post(reverse("domains:remove"), {"pk": other.pk})
    assert [domain.name for domain in published()] == ["contoso.com"]


def test_first_start_once(settings):
    settings.GATEPOST_DOMAIN = "gatepost.test"
    actions.first_start()
    actions.first_start()
    assert published() == (accepted_domain("gatepost.test", default=True),)


def test_who_may_not(signed_in):
    with pytest.raises(PermissionDenied):
        actions.create(HYGIENE, accepted_domain())
    assert add(signed_in(Role.VIEW_ONLY), "contoso.com").status_code == 403


def test_a_domain_for_all_of_a_top_level_domain_is_pointed_out(admin):
    add(admin, "contoso.com")
    page = add(admin, "*.com", domain_type="InternalRelay", confirmation="*.com")
    assert "takes mail for every .com domain: a relay in effect." in page.text
    assert page.text.count("very wide</span>") == 1
