"""What the pages of users and groups read."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from console.publishing.compile import part
from console.publishing.published import kind_of
from console.users.models import Group, User
from transport.config.receive_connector import ReceiveConnector


def users() -> QuerySet[User]:
    return User.objects.prefetch_related("groups", "addresses").order_by("domain", "name")


def groups() -> QuerySet[Group]:
    return Group.objects.annotate(user_count=Count("users")).order_by("name")


def addresses_of(user: User) -> list[str]:
    return sorted(recipient.address for recipient in user.addresses.all() if not recipient.deleted)


def groups_of(user: User) -> list[str]:
    return sorted(group.name for group in user.groups.all())


def principals() -> dict[str, str]:
    """Every user and group by its principal, in any case → as it is written."""
    names = [user.principal for user in User.objects.only("domain", "name")]
    names += Group.objects.values_list("name", flat=True)
    return {name.casefold(): name for name in names}


def connectors_naming(principal: str) -> list[str]:
    """The connectors that grant something to the principal, or deny it."""
    wanted = principal.casefold()
    return [
        connector.name
        for connector in part(kind_of(ReceiveConnector))
        if any(grant.principal.casefold() == wanted for grant in connector.grants)
    ]
