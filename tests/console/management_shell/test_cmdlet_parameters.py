"""Whatever a script hands to a parameter, it is read, or refused in words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.management_shell.cmdlets import TABLE
from console.management_shell.language.cmdlet import Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import UNLIMITED, Flags, Record, ScriptBlock, Size, Timespan

PARAMETERS = {
    f"{cmdlet.name} -{parameter.name}": parameter
    for cmdlet in TABLE.values()
    for parameter in cmdlet.parameters
    if not parameter.switch
}
DIFFERENT = {
    (parameter.name, getattr(parameter.read, "__qualname__", ""), parameter.help): parameter
    for parameter in PARAMETERS.values()
}
NASTY = [
    "9" * 400, "9" * 5000, "9" * 300 + "TB", "9" * 30 + ".00:00:00", "1e999", "-1", "NaN", "\0", "a\nb", "*", "[::]:0",
    "::ffff:1.2.3.4/200", "<I><S>", "@", "a@b@c", "(" * 3000, "2026-13-45", "0001-01-01", "9999-12-31T23:59:59", "",
    "1" * 70000 + "@contoso.com", "x." * 40000, "٣", "1.2.3.4-", "SMTP:*;" + "9" * 5000, "²", "127.0.0.2/33",
]  # fmt: skip
texts = st.text(max_size=60) | st.sampled_from(NASTY)
single = (
    texts | st.booleans() | st.none() | st.integers() | st.integers(-(10**40), 10**40) | st.floats()
    | st.sampled_from(
        [UNLIMITED, Size(5), Timespan(7), Flags(("Tls",)), datetime.min.replace(tzinfo=UTC), datetime.max,
         Record("Thing", {"Name": "x"}), ScriptBlock(lambda item: [], "{Name -eq 1}")]
    )
)  # fmt: skip
whatever = st.recursive(
    single,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
) | st.fixed_dictionaries({"Add": texts | st.lists(texts, max_size=3)}, optional={"remove": texts})


def read(parameter: Parameter, value: object) -> None:
    with suppress(ShellError, ValueError):
        parameter.read(value)


@settings(max_examples=12)
@given(value=whatever)
@pytest.mark.parametrize("parameter", DIFFERENT.values(), ids=lambda parameter: parameter.name)
def test_every_value_is_read_or_refused_in_words(parameter: Parameter, value: object) -> None:
    read(parameter, value)


@pytest.mark.parametrize("value", NASTY, ids=lambda value: value[:12])
def test_no_parameter_chokes_on_it(value: str) -> None:
    for parameter in DIFFERENT.values():
        read(parameter, value)
        read(parameter, [value, value])


def test_no_parameter_is_called_like_a_common_one() -> None:
    for cmdlet in TABLE.values():
        names = [parameter.name.lower() for parameter in cmdlet.all_parameters()]
        assert len(names) == len(set(names)), cmdlet.name
