"""What a query string asks of a list, the words of its filter box included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from console.crud.columns import Filter
from console.crud.listing import query_with
from console.crud.words import Term, quoted, terms, without


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that a list is narrowed by, and the query string without it."""

    label: str | Promise
    value: str
    without: str


class Asked:
    """`params` has a value for each filter that is set, by a field or by a word of the box (of several for one filter
    the last one counts), and in `q` the words that mean nothing else. `excluded`: what rows may not be.
    `impossible`: a word names a choice that there is none of, so that nothing matches.
    """

    def __init__(self, given: QueryDict, filters: Sequence[Filter]) -> None:
        self.given, self.filters = given, filters
        self._filters = {word: each for each in filters for word in (each.name, *each.words)}
        self._terms = [self._resolved(term) for term in terms(given.get("q", ""), self._filters)]
        self.impossible = any(value is None for _term, value in self._terms)
        self.params = given.copy()
        for name in given:
            self.params[name] = str(given[name]).replace("\0", "").strip()
        plain = [quoted(term.value) for term, _value in self._terms if not term.name and not term.negated]
        self.params["q"] = " ".join(plain)
        for term, value in self._terms:
            if term.name and not term.negated:
                self.params[self._filters[term.name].name] = value or ""
        self.excluded = [
            (self._filters[term.name].name if term.name else "q", value or "")
            for term, value in self._terms
            if term.negated
        ]

    def _resolved(self, term: Term) -> tuple[Term, str | None]:
        """A term with the value that its filter knows it by; None where there is no such choice."""
        return term, self._filters[term.name].choice(term.value) if term.name else term.value

    def as_query(self) -> QueryDict:
        """All of it as a query string that says each filter by its own name; what is excluded stays in `q`."""
        found = self.params.copy()
        out = [f'-"{value}"' if name == "q" else f'-{name}:"{value}"' for name, value in self.excluded]
        found["q"] = " ".join(filter(None, [str(found["q"]), *out]))
        return found

    def chips(self) -> list[Chip]:
        """Each filter that is set; plain words stand in the box."""
        found = [self._chip(each) for each in self.filters if self.params.get(each.name)]
        excluded = [(place, term) for place, (term, _value) in enumerate(self._terms) if term.negated]
        return found + [Chip(_("Not"), term.text.removeprefix("-"), self._less(place)) for place, term in excluded]

    def _chip(self, each: Filter) -> Chip:
        typed = self.given.get("q", "")
        mine = [place for place, (term, _value) in enumerate(self._terms) if self._is_of(term, each)]
        for place in reversed(mine):
            typed = without(typed, self._filters, place)
        query = query_with(self.given, **{each.name: None, "q": typed or None, "page": None})
        return Chip(each.label, each.told(str(self.params[each.name])), query)

    def _is_of(self, term: Term, each: Filter) -> bool:
        return bool(term.name) and not term.negated and self._filters[term.name] is each

    def _less(self, place: int) -> str:
        typed = without(self.given.get("q", ""), self._filters, place)
        return query_with(self.given, q=typed or None, page=None)

    def __bool__(self) -> bool:
        return bool(self._terms) or any(self.params.get(each.name) for each in self.filters)


def only(name: str, value: str) -> QueryDict:
    """The query string that asks for one thing."""
    found = QueryDict(mutable=True)
    found[name] = value
    return found
