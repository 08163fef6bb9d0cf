"""A change that another page proposes: the form opens as if somebody had entered it, with its preview. Nothing is done
until they save.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from console.connectors.rights_matrix import GRANT, field_name
from transport.config.permissions import PRINCIPALS, Right

RANGE, CELL, CLIENT = "add-range", "grant", "client"
"""Names in the query string: a remote range to add, a cell of the matrix to grant; the client of a new connector."""
MOST = 20


def url_to_add(pk: int, address: str) -> str:
    """The tab Scoping of a connector, with one range more."""
    return reverse("connectors:receive-properties", args=[pk, "scoping"]) + f"?{urlencode({RANGE: address})}"


def url_to_grant(pk: int, principal: str, right: Right) -> str:
    """The tab Security of a connector, at the right, granted."""
    cell = field_name(list(PRINCIPALS).index(principal), right)
    return reverse("connectors:receive-properties", args=[pk, "security"]) + f"?{urlencode({CELL: cell})}#{cell}"


def url_of_new(address: str) -> str:
    """The wizard of a new connector for one client."""
    return reverse("connectors:receive-wizard") + f"?{urlencode({CLIENT: address})}"


def proposed(form: Any, asked: QueryDict) -> QueryDict | None:
    """What a browser would send of an unbound form with the proposal entered; None where nothing is proposed."""
    ranges, cells = asked.getlist(RANGE)[:MOST], asked.getlist(CELL)[:MOST]
    if not ranges and not cells:
        return None
    sent = _as_sent(form)
    if ranges and "remote_ip_ranges" in form.fields:
        lines = sent.get("remote_ip_ranges", "").splitlines()
        sent["remote_ip_ranges"] = "\n".join(dict.fromkeys([*lines, *(each[:100] for each in ranges)]))
    for cell in cells:
        if cell in sent:
            sent[cell] = GRANT
    return sent


def _as_sent(form: Any) -> QueryDict:
    """As it stands."""
    sent = QueryDict(mutable=True)
    for bound in form:
        value = bound.value()
        if isinstance(value, list | tuple):
            sent.setlist(bound.html_name, [str(each) for each in value])
        elif value not in (None, False, ""):
            sent[bound.html_name] = "on" if value is True else str(value)
    if "grants" in form.fields:
        sent.setlist("principal", form.named)
        for cell in (cell for line in form.lines() for cell in line.cells):
            sent[cell.name] = cell.hand
    return sent
