"""Every write to the people who may sign in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.models import User as DjangoUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console.accounts.models import Preferences
from console.actors import SYSTEM, Actor, Role
from console.audit.actions import record

User = get_user_model()
KIND = "Administrator"


@transaction.atomic
def first_start(password: str) -> DjangoUser | None:
    """Creates the roles and the user `admin`, who may do everything; None if somebody can sign in already."""
    for role in Role:
        Group.objects.get_or_create(name=role.value)
    if User.objects.exists():
        return None
    return add(SYSTEM, "admin", password, {Role.ORGANIZATION_MANAGEMENT})


@transaction.atomic
def add(actor: Actor, name: str, password: str, roles: Iterable[Role], full_name: str = "") -> DjangoUser:
    actor.require(Role.ORGANIZATION_MANAGEMENT)
    if User.objects.filter(username__iexact=name).exists():
        raise ValidationError({"username": _("There is a “%s” already. Choose another user name.") % name})
    user = User.objects.create_user(name, password=password, first_name=full_name)
    _put_into(user, roles)
    record(actor, KIND, name, "created", None, _facts(user))
    return user


@transaction.atomic
def change(actor: Actor, user: DjangoUser, roles: Iterable[Role], full_name: str) -> DjangoUser:
    """Sets the user's roles and full name. Somebody must be left who can sign in and do everything."""
    actor.require(Role.ORGANIZATION_MANAGEMENT)
    before = _facts(user)
    user.first_name = full_name
    user.save(update_fields=["first_name"])
    _put_into(user, roles)
    _keep_an_administrator("roles")
    record(actor, KIND, user.username, "changed", before, _facts(user))
    return user


@transaction.atomic
def set_password(actor: Actor, user: DjangoUser, password: str) -> None:
    """Sets another one's password, or one's own. Every session of that user ends, by Django's session hash."""
    if actor.name != user.username:
        actor.require(Role.ORGANIZATION_MANAGEMENT)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(actor, KIND, user.username, "password set", None, None)


@transaction.atomic
def set_enabled(actor: Actor, user: DjangoUser, enabled: bool) -> None:
    """A disabled user cannot sign in, and is signed out at the next request."""
    actor.require(Role.ORGANIZATION_MANAGEMENT)
    if not enabled and actor.name == user.username:
        raise ValidationError(_("You cannot disable yourself. Ask another administrator."))
    before = _facts(user)
    user.is_active = enabled
    user.save(update_fields=["is_active"])
    _keep_an_administrator()
    record(actor, KIND, user.username, "enabled" if enabled else "disabled", before, _facts(user))


def prefer(user: DjangoUser, **chosen: Any) -> None:
    """What somebody chose for themselves: columns of `Preferences`. The change history has nothing of it: nobody else
    can notice.
    """
    Preferences.objects.update_or_create(user=user, defaults=chosen)


@transaction.atomic
def remove(actor: Actor, user: DjangoUser) -> None:
    """Removes the user; what they did stays in the change history under their name."""
    actor.require(Role.ORGANIZATION_MANAGEMENT)
    if actor.name == user.username:
        raise ValidationError(_("You cannot remove yourself. Ask another administrator."))
    before = _facts(user)
    user.delete()
    _keep_an_administrator()
    record(actor, KIND, str(before["user name"]), "removed", before, None)


def _put_into(user: DjangoUser, roles: Iterable[Role]) -> None:
    user.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in roles])


def _facts(user: DjangoUser) -> dict[str, object]:
    roles = sorted(user.groups.values_list("name", flat=True))
    return {"user name": user.username, "full name": user.first_name, "enabled": user.is_active, "roles": roles}


def _keep_an_administrator(field: str = "") -> None:
    left = User.objects.filter(is_active=True, groups__name=Role.ORGANIZATION_MANAGEMENT.value).exists()
    if not left:
        text = (
            _("Nobody would be left with the role %s. Give it to somebody else first.") % Role.ORGANIZATION_MANAGEMENT
        )
        raise ValidationError({field: text} if field else text)
