"""What the pages of users and groups read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, QuerySet

from console.publishing.compile import part
from console.publishing.published import kind_of
from console.users.models import Group, User
from console.users.published import closure, holders
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.receive.session import User as SignedIn


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


def signed_in(name: str) -> SignedIn | None:
    r"""A user, `DOMAIN\name` in any case, or the name alone where only one has it, as one that has signed in over SMTP:
    the same as `user_by_logon` in `transport/shell/queries.sql`. None where there is none,
    or where they are disabled.
    """
    principal = "".join(written_out([name]))
    domain, _, named = principal.rpartition("\\")
    user = User.objects.filter(domain__iexact=domain, name__iexact=named, enabled=True).first() if domain else None
    if user is None:
        return None
    inside = closure(user.groups.values_list("pk", flat=True), holders())
    groups = Group.objects.filter(pk__in=inside).values_list("name", flat=True)
    return SignedIn(user.principal, tuple(sorted(groups)), frozenset(addresses_of(user)))


def members_of(group: Group) -> list[str]:
    """The groups in it."""
    return sorted(group.members.values_list("name", flat=True))


def connectors_naming(principal: str) -> list[str]:
    """The connectors that grant something to the principal, or deny it, or accept or reject its messages."""
    wanted = principal.casefold()
    granting = (each.name for each in part(kind_of(ReceiveConnector)) if wanted in _granted(each))
    return [*granting, *(each.name for each in part(kind_of(SendConnector)) if wanted in _listed(each))]


def _granted(connector: ReceiveConnector) -> set[str]:
    return {grant.principal.casefold() for grant in connector.grants}


def _listed(connector: SendConnector) -> set[str]:
    return {name.casefold() for name in (*connector.accept_messages_from, *connector.reject_messages_from)}


def written_out(names: Iterable[str]) -> tuple[str, ...]:
    r"""Names as the directory writes them: a group, an address, or a user as `DOMAIN\name`, also where the name alone
    was written and only one has it. What means nobody stays.
    """
    users = [(user.name.casefold(), user.principal) for user in User.objects.only("domain", "name")]
    named_so = Counter(name for name, _ in users)
    spelled = {name: principal for name, principal in users if named_so[name] == 1} | principals()
    return tuple(dict.fromkeys(spelled.get(name.casefold(), name.lower() if "@" in name else name) for name in names))
