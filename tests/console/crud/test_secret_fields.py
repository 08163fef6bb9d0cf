"""What is typed where nobody may read it over the shoulder is kept nowhere either."""

from collections.abc import Iterator

import pytest
from django import forms
from django.urls import get_resolver

from console.crud.secret_fields import is_secret


def every_form(of: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for form in of.__subclasses__():
        yield form
        yield from every_form(form)


def test_every_field_with_dots_for_letters_is_known_as_a_secret_by_its_name():
    assert get_resolver().url_patterns, "with them all forms are there"
    hidden = {
        name
        for form in every_form()
        if form.__module__.startswith("console.")
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field.widget, forms.PasswordInput)
    }
    assert "password" in hidden and [name for name in sorted(hidden) if not is_secret(name)] == []


@pytest.mark.parametrize("name", ["name", "comment", "remote_ip_ranges", "confirmation", "bindings"])
def test_what_everybody_may_read_is_none(name):
    assert not is_secret(name)
