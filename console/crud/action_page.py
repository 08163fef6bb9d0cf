"""A page that is one form and does one thing."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpResponse
from django.views.generic import FormView

from console.actors import Role
from console.crud.access import RoleRequired
from console.crud.forms import put_errors


class ActionPage(RoleRequired, FormView):  # type: ignore[type-arg]  # takes no argument when it runs
    """For writers only. `submit` does what the form is for and says where to go; it may raise ValidationError."""

    template_name = "crud/form.html"

    def roles_needed(self) -> frozenset[Role]:
        return self.writers

    def submit(self, form: Any) -> HttpResponse:
        raise NotImplementedError

    def form_valid(self, form: BaseForm) -> HttpResponse:
        if self.looking:
            return self.render_to_response(self.get_context_data(form=form))
        try:
            return self.submit(form)
        except ValidationError as error:
            put_errors(form, error)
            return self.form_invalid(form)

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)
