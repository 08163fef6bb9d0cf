"""What an administrator types becomes a value, or a sentence that says what to write instead."""

from __future__ import annotations

import re

import pytest

from tests.config.example_values import EXAMPLES, SETTINGS
from transport.config import kinds
from transport.config.endpoint import parse_binding, parse_range
from transport.config.host_name import host_name
from transport.config.kinds import Kind, Setting


@pytest.mark.parametrize("text", ["mail.contoso.com", "*.contoso.com", "mx1", "3com.example", "xn--mnchen-3ya.de"])
def test_a_host_name(text: str) -> None:
    assert host_name(text) == text


@pytest.mark.parametrize("text", ["10.2.3.4", "a.*.com", "-x.com", "a..b", "contoso.com.", "user@contoso.com", "*"])
def test_no_host_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no valid name"):
        host_name(text)


@pytest.mark.parametrize(
    ("text", "binding"), [("10.2.3.4:587", "10.2.3.4:587"), ("10.2.3.4", "10.2.3.4:25"), ("[::1]", "[::1]:25")]
)
def test_a_binding(text: str, binding: str) -> None:
    assert str(parse_binding(text)) == binding


@pytest.mark.parametrize("text", ["::1:25", "::1", "localhost:25", "10.2.3.4:", "[10.2.3.4]:25", ":25"])
def test_no_binding(text: str) -> None:
    with pytest.raises(ValueError, match="is no binding"):
        parse_binding(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "“nonsense” is no IP address or range. Write an address"),
        ("10.0.0.9-10.0.0.1", "“10.0.0.9-10.0.0.1”: 10.0.0.9 comes after 10.0.0.1; write the lower address first."),
    ],
)
def test_no_range(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_range(text)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.kind.name)
def test_what_is_printed_of_a_value_means_the_same_again(setting: Setting) -> None:
    value = kinds.parse(setting, EXAMPLES[setting.kind])
    kinds.check(setting, value)
    assert isinstance(value, tuple) or not setting.kind.value.is_list
    if setting.kind is not Kind.GRANTS:
        assert kinds.parse(setting, kinds.show(setting, value).strip("{}")) == value
