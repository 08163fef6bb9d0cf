"""Where rights come from, and that this is what is held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transport.config.permissions import PRINCIPALS, Grant, PermissionGroup, Right, origins, rights

ANNA = "CONTOSO\\anna"
GRANTS = st.builds(Grant, st.sampled_from([*PRINCIPALS, ANNA, ANNA.lower()]), st.sampled_from(Right), st.booleans())


@given(
    st.frozensets(st.sampled_from(PermissionGroup)),
    st.lists(GRANTS, max_size=6).map(tuple),
    st.lists(st.sampled_from([*PRINCIPALS, ANNA]), min_size=1, max_size=3).map(tuple),
)
def test_what_has_an_origin_is_held_and_nothing_else(
    groups: frozenset[PermissionGroup], grants: tuple[Grant, ...], principals: tuple[str, ...]
) -> None:
    found = origins(groups, grants, *principals)
    assert {each.right for each in found if each.is_held} == rights(groups, grants, *principals)
