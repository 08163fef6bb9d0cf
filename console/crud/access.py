"""Who may open a page. The actions behind it ask again; LoginRequiredMiddleware has sent away who is not signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.views.generic.base import View

from console.actors import EVERY_ROLE, Actor, Role

if TYPE_CHECKING:  # apps are loaded after this file
    from django.contrib.auth.models import User


class RoleRequired(View):
    """A page for `readers`; `writers` may also change what it shows. `self.actor` is the signed-in one.

    `shows_commands`: a form of it saves settings and does nothing else, so that Show commands may try it and take it
    back.

    `keeps_entries`: its form comes back with what was entered when the session ended. Such a request arrives as a POST
    of these entries that is only to be looked at (`looking`): nothing is saved.

    No browser keeps it: not after signing out, and not a fragment in place of the page that has the same address.
    """

    readers: frozenset[Role] = EVERY_ROLE
    writers: frozenset[Role] = frozenset({Role.ORGANIZATION_MANAGEMENT})
    shows_commands = False
    keeps_entries: Any = False
    looking = False
    actor: Actor

    @property
    def user(self) -> User:
        """Who has signed in: nobody else comes here."""
        return cast("User", self.request.user)

    @property
    def may_write(self) -> bool:
        return self.actor.may(*self.writers)

    def roles_needed(self) -> frozenset[Role]:
        return self.readers if self.request.method in ("GET", "HEAD", "OPTIONS") else self.writers

    def _take_up(self, request: HttpRequest) -> None:
        kept = getattr(request, "kept_entries", None)
        if kept is not None and self.keeps_entries and self.may_write:
            request.POST, request.method, self.looking = kept, "POST", True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.actor = Actor.of(request.user)
        self._take_up(request)
        self.actor.require(*self.roles_needed())
        from console.audit.actions import together

        with together():
            response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response
