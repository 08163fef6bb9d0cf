"""What a revision holds of users and groups: whom the names in delivery restrictions mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from console.directory.models import Recipient
from console.publishing.published import Derived
from console.users.models import Group, User
from transport.config.named_sender import NamedSender
from transport.config.snapshot import Snapshot


def _named_senders(snapshot: Snapshot) -> tuple[NamedSender, ...]:
    lists = [(each.accept_messages_from, each.reject_messages_from) for each in snapshot.send_connectors]
    names = {name.lower() for both in lists for names in both for name in names}
    return named_senders(names) if names else ()


def named_senders(names: Iterable[str]) -> tuple[NamedSender, ...]:
    """Those of the names, in lower case, that mean somebody, in their order; an address need not be anybody's."""
    users = {principal.lower(): pk for pk, principal in _principals().items()}
    groups = {name.lower(): pk for pk, name in Group.objects.values_list("pk", "name")}
    found = []
    for name in sorted(set(names)):
        if name in groups:
            found.append(_named(name, _users_in(groups[name])))
        elif name in users:
            found.append(_named(name, [users[name]]))
        elif "@" in name:
            owners = User.objects.filter(addresses__address=name, addresses__deleted=False)
            found.append(NamedSender(name, _spelled(owners.values_list("pk", flat=True))))
    return tuple(found)


def _principals() -> dict[int, str]:
    return {user.pk: user.principal for user in User.objects.only("domain", "name")}


def _named(name: str, keys: Iterable[int]) -> NamedSender:
    keys = list(keys)
    owned = Recipient.objects.filter(users__in=keys, deleted=False).values_list("address", flat=True)
    return NamedSender(name, _spelled(keys), tuple(sorted({address.lower() for address in owned})))


def _spelled(keys: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted(user.principal.lower() for user in User.objects.filter(pk__in=list(keys))))


def _users_in(group: int) -> set[int]:
    """The users of a group and of the groups in it, however deep, and though a group may be in itself that way."""
    inside = closure([group], _groups_in())
    return set(User.groups.through.objects.filter(group_id__in=inside).values_list("user_id", flat=True))


def _groups_in() -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for holder, member in Group.members.through.objects.values_list("from_group_id", "to_group_id"):
        found[holder].append(member)
    return found


def holders() -> Mapping[int, list[int]]:
    """Group → the groups that it is in."""
    found: dict[int, list[int]] = defaultdict(list)
    for holder, member in Group.members.through.objects.values_list("from_group_id", "to_group_id"):
        found[member].append(holder)
    return found


def closure(start: Iterable[int], inside: Mapping[int, Iterable[int]]) -> set[int]:
    """Everything that is reached from somewhere; each is looked at once, so that a cycle ends."""
    found, waiting = set(start), list(start)
    while waiting:
        new = set(inside.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


SENDERS = Derived("named_senders", _named_senders)
