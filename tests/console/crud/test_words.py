"""What may be typed into the filter of a list."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from console.connectors import actions as connectors
from console.crud import Filter
from console.crud.asking import Asked
from console.crud.words import LONGEST, MOST, terms, without
from console.domains import actions as domains
from tests.console.builders import ADMIN, accepted_domain, receive_connector

NAMES = ["from", "outcome"]
FILTERS = [
    Filter("sender", "Sender", input_type="text", words=["from"]),
    Filter("outcome", "Outcome", [("refused", "Something refused"), ("nothing", "No message")]),
]


def told(text: str) -> list[tuple[str, str, bool]]:
    return [(term.name, term.value, term.negated) for term in terms(text, NAMES)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anna printer", [("", "anna", False), ("", "printer", False)]),
        ("from:anna", [("from", "anna", False)]),
        ('FROM:"Anna Smith" x', [("from", "Anna Smith", False), ("", "x", False)]),
        ("-outcome:refused -printer", [("outcome", "refused", True), ("", "printer", True)]),
        ('"-4" "two words"', [("", "-4", False), ("", "two words", False)]),
        ("http://x fe80::1 12:30", [("", "http://x", False), ("", "fe80::1", False), ("", "12:30", False)]),
        ('from: - "" from:"open', [("", "from:", False), ("", "-", False), ("from", "open", False)]),
    ],
)
def test_words_fields_quotes_and_not(text: str, found: list[tuple[str, str, bool]]) -> None:
    assert told(text) == found


@given(st.text(st.sampled_from("ab:-\" from\0\t\\%'(){}"), max_size=900))
def test_whatever_is_typed_is_read_and_bounded(text: str) -> None:
    found = terms(text, NAMES)
    assert len(found) <= MOST
    assert all(term.value and "\0" not in term.value and len(term.value) <= LONGEST for term in found)
    assert all(term.name in ("", *NAMES) for term in found)
    for place in range(len(found)):
        rest = terms(without(text, NAMES, place), NAMES)
        assert [term.value for term in rest] == [term.value for at, term in enumerate(found) if at != place]


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40))
def test_a_query_string_of_any_kind_is_asked(words: str, sender: str, outcome: str) -> None:
    query = QueryDict(mutable=True)
    query.update({"q": words, "sender": sender, "outcome": outcome, "other": words})
    asks = Asked(query, FILTERS)
    assert all(chip.without.startswith("?") or not chip.without for chip in asks.chips())
    again = Asked(asks.as_query(), FILTERS)
    assert again.params["q"].split() == asks.params["q"].split() or '"' in words


def test_a_word_is_known_by_value_or_by_the_beginning_of_its_label() -> None:
    for typed in ("refused", "REFUSED", "something"):
        assert Asked(QueryDict(f"q=outcome:{typed}"), FILTERS).params["outcome"] == "refused"
    assert Asked(QueryDict("q=outcome:never"), FILTERS).impossible
    assert Asked(QueryDict("q=from:a%20from:b"), FILTERS).params["sender"] == "b"


def test_each_chip_leads_to_the_list_without_it() -> None:
    asks = Asked(QueryDict('q=from:anna -outcome:refused "two words"&outcome=nothing&page=3'), FILTERS)
    assert [(str(chip.label), chip.value) for chip in asks.chips()] == [
        ("Sender", "anna"), ("Outcome", "No message"), ("Not", "outcome:refused")
    ]  # fmt: skip
    left = [QueryDict(chip.without.removeprefix("?")).dict() for chip in asks.chips()]
    assert left[0] == {"outcome": "nothing", "q": '-outcome:refused "two words"'}
    assert left[1] == {"q": 'from:anna -outcome:refused "two words"'}
    assert left[2] == {"outcome": "nothing", "q": 'from:anna "two words"'}


@pytest.mark.django_db
def test_what_is_quoted_is_found_as_it_stands_and_names_sort_as_people_sort_them(admin: Client) -> None:
    names = ["relay10", "Relay2", "relay1", "Two words", "words two"]
    connectors.create_all(
        ADMIN, [receive_connector(name, bindings=[f"10.2.3.4:{2500 + at}"]) for at, name in enumerate(names)]
    )

    def shown(**query: str) -> list[str]:
        page = admin.get(reverse("connectors:receive-list"), query).context["page"]
        return [str(each) for each in page]

    assert shown() == ["relay1", "Relay2", "relay10", "Two words", "words two"]
    assert shown(sort="-name") == shown()[::-1]
    for number in (10, 9, 1):
        domains.create(ADMIN, accepted_domain(f"branch{number}.example", name=f"Branch {number}"))
    for query in ({}, {"sort": "name"}, {"sort": "domain_name"}):
        page = admin.get(reverse("domains:list"), query).context["page"]
        assert [each.name for each in page] == ["Branch 1", "Branch 9", "Branch 10"]
    assert shown(q="two words") == shown(q="words two") == ["Two words", "words two"]
    assert shown(q='"two words"') == ["Two words"]
    assert shown(q='-"two words" words') == ["words two"]
