from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from console.actors import Role
from console.overview import attention, queries


@pytest.fixture(autouse=True)
def nothing_is_known_yet() -> None:
    """What the top bar and the overview counted in another test is forgotten."""
    attention.forget()
    queries.forget()


@pytest.fixture
def signed_in(db: None) -> Callable[..., Client]:
    """`signed_in(Role.VIEW_ONLY)` → a browser of somebody with these roles."""

    def sign_in(*roles: Role) -> Client:
        user = User.objects.create_user("+".join(role.name.lower() for role in roles) or "nobody")
        user.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in roles])
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def admin(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.ORGANIZATION_MANAGEMENT)
