"""Adding tags to some objects, or taking some away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.crud.columns import LINES, written
from console.crud.forms import put_errors, status_of
from console.crud.kind import Kind, Page
from console.crud.tags import TagForm, load_tags


class TagPage(Kind):
    @property
    def here(self) -> str:
        """The list as it is looked at."""
        raise NotImplementedError

    def tag(self, objects: list[Any]) -> HttpResponse:
        """Of those that were chosen."""
        from console.crud import actions

        there = sorted({word for obj in load_tags(objects) for word in obj.tag_words})
        form = TagForm(*([self.request.POST] if self.request.method == "POST" else []), there=there)
        if form.is_valid() and not self.looking:
            given = form.cleaned_data
            try:
                actions.tag(self.actor, self.writers, self.history_noun, objects, given["add"], given.get("remove", ()))
            except ValidationError as error:
                put_errors(form, error)
            else:
                messages.success(self.request, _("The tags are saved."))
                return redirect(self.here)
        return self._ask(form, objects)

    def _ask(self, form: TagForm, objects: list[Any]) -> HttpResponse:
        names = [self.name_of(obj) for obj in objects]
        context = {"view": self, "form": form, "cancel_url": self.here, "named": written(names, LINES)}
        context["title"] = _("Tags of %s") % (names[0] if len(names) == 1 else f"{len(names):,} {self.plural}")
        context["crumbs"] = [(self.heading_text, self.url(Page.LIST))]
        return render(self.request, "crud/tag.html", context, status=status_of(form))
