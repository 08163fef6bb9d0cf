"""Who does something, and what they may do.

Roles are Django groups that carry Exchange's role group names. *Organization Management* may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Role(StrEnum):
    ORGANIZATION_MANAGEMENT = "Organization Management"
    HYGIENE_MANAGEMENT = "Hygiene Management"
    RECIPIENT_MANAGEMENT = "Recipient Management"
    VIEW_ONLY = "View-Only Organization Management"


EVERY_ROLE = frozenset(Role)

MEANINGS = {
    Role.ORGANIZATION_MANAGEMENT: gettext_lazy("Everything, including who may sign in here and what messages say."),
    Role.HYGIENE_MANAGEMENT: gettext_lazy("Receive connectors, send connectors and protection."),
    Role.RECIPIENT_MANAGEMENT: gettext_lazy("The directory and the mailboxes, but not what their messages say."),
    Role.VIEW_ONLY: gettext_lazy("Sees every setting and every log, but not what messages say; changes nothing."),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the system itself. `name` is what the change history shows."""

    name: str
    roles: frozenset[Role]

    @classmethod
    def of(cls, user: Any) -> Actor:
        """The actor behind a signed-in user; an anonymous user has no role. One query per user object."""
        if not user.is_authenticated:
            return cls("", frozenset())
        if not hasattr(user, "_roles"):
            names = user.groups.values_list("name", flat=True)
            user._roles = frozenset(role for role in Role if role in set(names))
        return cls(user.get_username(), user._roles)

    def may(self, *roles: Role) -> bool:
        """Whether the actor holds one of `roles`, or Organization Management, which holds all."""
        return Role.ORGANIZATION_MANAGEMENT in self.roles or not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Raises PermissionDenied, with a sentence for the reader, unless `may(*roles)`."""
        if not self.may(*roles):
            wanted = _(" or ").join(sorted({Role.ORGANIZATION_MANAGEMENT, *roles} - {Role.VIEW_ONLY}))
            raise PermissionDenied(_("This needs the role %s.") % wanted)


SYSTEM = Actor("system", EVERY_ROLE)
