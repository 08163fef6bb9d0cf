"""Principal × right: what the permission groups give, and for each cell what is granted or denied by hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from transport.config.permissions import PRINCIPALS, Grant, PermissionGroup, Right, group_rights

GRANT, DENY = "grant", "deny"


@dataclass(frozen=True)
class Cell:
    """One right of one principal. `hand` is grant, deny or empty; `held` what results."""

    name: str
    label: str
    by_group: bool
    hand: str

    @property
    def held(self) -> bool:
        return self.hand == GRANT or (self.by_group and self.hand != DENY)

    @property
    def options(self) -> list[tuple[str, str]]:
        """(value, words) of the cell's choice; the first one is what holds when nothing is set by hand."""
        return [("", _("● group") if self.by_group else "–"), (GRANT, _("✓ granted")), (DENY, _("✕ denied"))]


@dataclass(frozen=True)
class Line:
    right: Right
    cells: list[Cell]


def matrix(groups: frozenset[PermissionGroup], grants: Collection[Grant]) -> list[Line]:
    """The rows of the matrix, one for each right."""
    given = {who: group_rights(groups, who) for who in PRINCIPALS}
    hand = {(grant.principal, grant.right): DENY if grant.deny else GRANT for grant in sorted(grants)}
    return [
        Line(right, [_cell(right, who, right in given[who], hand.get((who, right.value), "")) for who in PRINCIPALS])
        for right in Right
    ]


def _cell(right: Right, principal: str, by_group: bool, hand: str) -> Cell:
    label = f"{right.label}: {PRINCIPALS[principal]}"
    return Cell(field_name(principal, right), label, by_group, hand)


def field_name(principal: str, right: Right) -> str:
    """The name of a cell's form field."""
    return f"right-{list(PRINCIPALS).index(principal)}-{right.name.lower().replace('_', '-')}"


class MatrixWidget(forms.Widget):
    """Collects the cells; the page's template draws them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[Grant, ...]:
        chosen = [(who, right, data.get(field_name(who, right))) for who in PRINCIPALS for right in Right]
        return tuple(
            sorted(Grant(who, right.value, each == DENY) for who, right, each in chosen if each in (GRANT, DENY))
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class GrantsField(forms.Field):
    """The rights granted by hand, as a tuple of Grant."""

    def __init__(self, known: Collection[Grant] = ()):
        super().__init__(required=False, widget=MatrixWidget)
        self.kept = tuple(grant for grant in known if grant.principal not in PRINCIPALS)

    def clean(self, value: Any) -> tuple[Grant, ...]:
        """What the matrix says, and besides it the grants to principals that it does not show."""
        return tuple(sorted({*(value or ()), *self.kept}))
