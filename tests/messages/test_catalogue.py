"""The German catalogue is that of the code, whole, and compiled as it stands."""

from __future__ import annotations

import polib
import pytest

from tests.messages.catalogue import MO, PLACES, PO, message_of, read, renewed
from tests.messages.extraction import Message, every_message, in_python, in_template

AGAIN = "`make messages` brings the catalogue after the code"


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return read()


def test_it_has_exactly_what_the_code_says(catalogue: polib.POFile) -> None:
    kept, said = {message_of(entry) for entry in catalogue}, every_message()
    assert not said - kept, AGAIN
    assert not kept - said, AGAIN


def test_every_message_has_its_german(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert not catalogue.fuzzy_entries() and not catalogue.obsolete_entries()


def test_it_is_written_as_make_messages_writes_it(catalogue: polib.POFile) -> None:
    assert PO.read_text() == str(renewed(catalogue, every_message())), AGAIN


def test_it_is_compiled_as_it_stands(catalogue: polib.POFile) -> None:
    assert MO.read_bytes() == catalogue.to_binary(), AGAIN


def test_a_translation_keeps_the_places_of_values_and_the_markup(catalogue: polib.POFile) -> None:
    changed = []
    for entry in catalogue.translated_entries():
        several = entry.msgstr_plural or {1: entry.msgstr}
        wanted = sorted(PLACES.findall(entry.msgid_plural or entry.msgid))
        if sorted(PLACES.findall(several[1])) != wanted:
            changed.append(entry.msgid)
    assert not changed


def test_a_translation_begins_and_ends_with_the_same_space(catalogue: polib.POFile) -> None:
    def edges(text: str) -> tuple[bool, bool]:
        return text[:1].isspace(), text[-1:].isspace()

    every = [(entry.msgid, entry.msgstr or entry.msgstr_plural[1]) for entry in catalogue.translated_entries()]
    assert [text for text, german in every if edges(text) != edges(german)] == []


def test_calls_are_found_under_any_name_and_in_every_form() -> None:
    source = """
from django.utils.translation import gettext as _t, ngettext, pgettext_lazy
_t("One"), _t("Two " "parts"), ngettext("%d line", "%d lines", n), pgettext_lazy("verb", "Copy"), _("none of ours")
"""
    found = {Message("One"), Message("Two parts"), Message("%d line", "%d lines"), Message("Copy", "", "verb")}
    assert set(in_python(source)) == found


def test_tags_of_templates_are_found_with_their_quotes_and_values() -> None:
    source = """{% load i18n %}{% translate "Don't" %}{{ name|default:_('no “name”') }}{# {% translate "not" %} #}
{% blocktranslate count n=n with to=b %}{{ n }} of {{ to }}{% plural %}{{ n }} are {{ to }}'s{% endblocktranslate %}"""
    found = {Message("Don't"), Message("no “name”"), Message("%(n)s of %(to)s", "%(n)s are %(to)s's")}
    assert set(in_template(source)) == found


def test_a_plural_that_is_computed_is_refused() -> None:
    source = "from django.utils.translation import ngettext\nngettext(words, words + 's', 1)"
    with pytest.raises(ValueError, match="must stand there"):
        list(in_python(source, "a.py"))
