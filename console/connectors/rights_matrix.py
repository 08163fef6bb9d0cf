"""Principal × right: what the permission groups give, and for each cell what is granted or denied by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from console.crud.said import said
from console.users import queries as users
from transport.config.permissions import (
    AUTHENTICATED_USERS,
    PARTNER_SERVERS,
    PRINCIPALS,
    Grant,
    Right,
    group_rights,
)
from transport.config.receive_connector import SIGN_IN, ReceiveConnector
from transport.receive.admission import principal

GRANT, DENY = "grant", "deny"


@dataclass(frozen=True)
class Cell:
    """One right of one principal. `hand` is grant, deny or empty; `held` what results; `comes`: whether a client can
    stand for the principal here.
    """

    name: str
    label: str
    by_group: bool
    hand: str
    comes: bool

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

    @property
    def differs(self) -> bool:
        """Whether a right is granted or denied by hand."""
        return any(cell.hand for cell in self.cells)


def columns(named: Iterable[str]) -> dict[str, str]:
    """Principal → heading of its column: those that are always there, then the users and groups that are named."""
    return PRINCIPALS | {name: name for name in named if name not in PRINCIPALS}


def coming(connector: ReceiveConnector) -> frozenset[str]:
    """The principals that a client of a connector can stand for: who they are, or can prove to be."""
    proofs = {
        AUTHENTICATED_USERS: bool(connector.auth_mechanism & SIGN_IN),
        PARTNER_SERVERS: connector.domain_secure_enabled and bool(connector.tls_receive_domain_secure_list),
    }
    return frozenset({principal(connector), *(who for who, can in proofs.items() if can)})


def matrix(connector: ReceiveConnector, named: Collection[str] = ()) -> list[Line]:
    """The rows of the matrix, one for each right; `named` are users and groups of the directory. A principal of whom
    something is set by hand counts as coming.
    """
    headings = columns(named)
    given = {who: group_rights(connector.permission_groups, who) for who in headings}
    hand = {(grant.principal, grant.right): DENY if grant.deny else GRANT for grant in sorted(connector.grants)}
    here = {*coming(connector), *named, *(who for who, _right in hand)}
    return [
        Line(
            right,
            [
                Cell(
                    field_name(place, right),
                    f"{said(right.label)}: {said(heading)}",
                    right in given[who],
                    hand.get((who, right.value), ""),
                    who in here,
                )
                for place, (who, heading) in enumerate(headings.items())
            ],
        )
        for right in Right
    ]


def field_name(column: int, right: Right) -> str:
    """The name of a cell's form field."""
    return f"right-{column}-{right.name.lower().replace('_', '-')}"


class MatrixWidget(forms.Widget):
    """Collects the cells of the columns that the page showed; the page's template draws them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[list[str], list[Grant]]:
        shown = list(columns(data.getlist("principal")))
        chosen = [
            (who, right, data.get(field_name(place, right))) for place, who in enumerate(shown) for right in Right
        ]
        return shown, [Grant(who, right.value, each == DENY) for who, right, each in chosen if each in (GRANT, DENY)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class GrantsField(forms.Field):
    """The rights granted by hand, as a tuple of Grant."""

    def __init__(self, known: Collection[Grant] = ()):
        super().__init__(required=False, widget=MatrixWidget)
        self.known = tuple(known)

    def clean(self, value: tuple[list[str], list[Grant]]) -> tuple[Grant, ...]:
        """What the matrix says, and besides it the grants to principals that it did not show."""
        shown, grants = value
        there = {*PRINCIPALS, *(grant.principal for grant in self.known), *users.principals().values()}
        for name in shown:
            if name not in there:
                raise ValidationError(_("There is no user or group “%s” any more.") % name)
        kept = [grant for grant in self.known if grant.principal not in shown]
        return tuple(sorted({*grants, *kept}))


class PrincipalField(forms.CharField):
    """A user or group of the directory to add to the matrix."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Add a user or group"),
            required=False,
            help_text=_(r"CONTOSO\anna, or the name of a group. It gets a column of its own above."),
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        )

    def clean(self, value: Any) -> str:
        """The principal as it is written in the directory."""
        text = super().clean(value)
        found = users.principals().get(text.casefold(), "") if text else ""
        if text and not found:
            raise ValidationError(_(r"There is no user or group “%s”. A user is written DOMAIN\name.") % text)
        return found
