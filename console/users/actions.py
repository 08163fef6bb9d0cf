"""Every write of users and groups. Transports ask for a user at each sign-in, so a write holds at once.

Send connectors that accept or reject messages from some know them from the configuration: a write that changes whom
those lists mean is a change of it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from argon2 import PasswordHasher
from django.contrib.auth import get_user_model, password_validation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from spnego._ntlm_raw.crypto import ntowfv1

from console.actors import Actor, Role
from console.audit.actions import record
from console.directory import queries as directory
from console.directory.actions import display_name_of
from console.directory.models import Recipient
from console.publishing import actions as publishing
from console.sealing import sealed
from console.users.models import Group, User
from console.users.queries import addresses_of, connectors_naming, groups_of, members_of
from transport.config.permissions import PRINCIPALS

WRITERS = frozenset({Role.RECIPIENT_MANAGEMENT})
USER, GROUP = "User", "Group"
LONGEST_PASSWORD = 256

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}(?<! )")
_hasher = PasswordHasher()


def add(
    actor: Actor,
    domain: str,
    name: str,
    password: str,
    display_name: str = "",
    addresses: Iterable[str] = (),
    groups: Iterable[Group] = (),
    ntlm: bool = False,
) -> User:
    """A new user. Raises ValidationError on the field at fault."""
    actor.require(*WRITERS)
    domain, name, display_name = domain.strip(), name.strip(), display_name_of(display_name)
    _check_logon(domain, name)
    check_password(password, name, display_name)
    with publishing.change(actor, f"User {domain}\\{name}: added"):
        user = User.objects.create(domain=domain, name=name, display_name=display_name, **_hashes(password, ntlm))
        user.addresses.set(_recipients(addresses))
        user.groups.set(groups)
        record(actor, USER, user.principal, "added", None, _facts(user))
    return user


def change(actor: Actor, user: User, display_name: str, addresses: Iterable[str], groups: Iterable[Group]) -> User:
    """Display name, addresses and groups. The logon name never changes: rights on connectors hang on it."""
    actor.require(*WRITERS)
    with publishing.change(actor, f"User {user.principal}: changed"):
        user = User.objects.select_for_update().get(pk=user.pk)
        before = _facts(user)
        user.display_name = display_name_of(display_name)
        user.save(update_fields=["display_name"])
        user.addresses.set(_recipients(addresses))
        user.groups.set(groups)
        record(actor, USER, user.principal, "changed", before, _facts(user))
    return user


@transaction.atomic
def set_password(actor: Actor, user: User, password: str, ntlm: bool = False) -> None:
    """Holds from the next sign-in on; without `ntlm` the user signs in with basic authentication only.

    Raises ValidationError on `password`.
    """
    actor.require(*WRITERS)
    check_password(password, user.name, user.display_name)
    User.objects.filter(pk=user.pk).update(**_hashes(password, ntlm), password_set_at=Now())
    record(actor, USER, user.principal, "password set", {"NTLM": user.ntlm}, {"NTLM": ntlm})


@transaction.atomic
def set_enabled(actor: Actor, user: User, enabled: bool) -> None:
    """A disabled user cannot sign in; sessions that are open go on to their end."""
    actor.require(*WRITERS)
    before = _facts(user)
    user.enabled = enabled
    user.save(update_fields=["enabled"])
    record(actor, USER, user.principal, "enabled" if enabled else "disabled", before, _facts(user))


def remove(actor: Actor, user: User) -> None:
    """Refused while a connector names the user: another user of that name would come into the same rights."""
    actor.require(*WRITERS)
    _check_unnamed(user.principal)
    with publishing.change(actor, f"User {user.principal}: removed"):
        record(actor, USER, user.principal, "removed", _facts(user), None)
        user.delete()


@transaction.atomic
def add_group(actor: Actor, name: str, description: str = "", members: Iterable[Group] = ()) -> Group:
    """A new group; the users of `members` are in it too. Raises ValidationError on `name`."""
    actor.require(*WRITERS)
    name = name.strip()
    if not _GROUP.fullmatch(name):
        raise ValidationError({"name": _("Up to 64 letters, digits, spaces, dots, hyphens and underscores.")})
    if name.casefold() in {principal.casefold() for principal in PRINCIPALS}:
        raise ValidationError({"name": _("“%s” means something else here. Choose another name.") % name})
    if Group.objects.filter(name__iexact=name).exists():
        raise ValidationError({"name": _("There is a group “%s” already.") % name})
    group = Group.objects.create(name=name, description=display_name_of(description, "description"))
    group.members.set(members)
    record(actor, GROUP, name, "added", None, {"name": name, **_facts_of_group(group)})
    return group


def change_group(actor: Actor, group: Group, description: str, members: Iterable[Group] | None = None) -> Group:
    """Another description, other member groups. The name never changes: rights on connectors hang on it."""
    actor.require(*WRITERS)
    with publishing.change(actor, f"Group {group.name}: changed"):
        before = _facts_of_group(group)
        group.description = display_name_of(description, "description")
        group.save(update_fields=["description"])
        if members is not None:
            group.members.set(members)
        record(actor, GROUP, group.name, "changed", before, _facts_of_group(group))
    return group


def remove_group(actor: Actor, group: Group) -> None:
    """Its users stay. Refused while a connector names the group."""
    actor.require(*WRITERS)
    _check_unnamed(group.principal)
    with publishing.change(actor, f"Group {group.name}: removed"):
        record(actor, GROUP, group.name, "removed", {"name": group.name, **_facts_of_group(group)}, None)
        group.delete()


def _facts_of_group(group: Group) -> dict[str, Any]:
    return {"description": group.description, "groups in it": members_of(group)}


def _hashes(password: str, ntlm: bool) -> dict[str, str]:
    if not ntlm:
        return {"password": _hasher.hash(password), "nt_hash": ""}
    return {"password": _hasher.hash(password), "nt_hash": sealed(ntowfv1(password))}


def check_password(password: str, name: str, display_name: str) -> None:
    """Raises ValidationError on `password` unless it is long, uncommon and unlike the names."""
    if len(password) > LONGEST_PASSWORD:
        raise ValidationError({"password": _("Use at most %d characters.") % LONGEST_PASSWORD})
    if "\0" in password:
        raise ValidationError({"password": _("A password cannot hold the character NUL.")})
    try:
        password_validation.validate_password(password, get_user_model()(username=name, first_name=display_name))
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None


def _check_logon(domain: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationError({"name": _("Up to 64 letters, digits, dots, hyphens and underscores.")})
    if not _DOMAIN.fullmatch(domain):
        raise ValidationError({"domain": _("A name such as CONTOSO or contoso.com.")})
    if User.objects.filter(name__iexact=name, domain__iexact=domain).exists():
        raise ValidationError({"name": _("There is a user “%s” already.") % f"{domain}\\{name}"})


def _recipients(addresses: Iterable[str]) -> list[Recipient]:
    try:
        return directory.named(addresses)
    except ValueError as error:
        raise ValidationError({"addresses": str(error)}) from error


def _check_unnamed(principal: str) -> None:
    naming = connectors_naming(principal)
    if naming:
        names = ", ".join(naming)
        raise ValidationError(_("Connectors name %s: %s. Clear that first.") % (principal, names))


def _facts(user: User) -> dict[str, Any]:
    return {
        "display name": user.display_name,
        "enabled": user.enabled,
        "NTLM": user.ntlm,
        "addresses": addresses_of(user),
        "groups": groups_of(user),
    }
