"""Addresses: what is read, what is refused, and that nothing is read two ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.send.fitting import is_plain
from transport.smtp.path import DomainError, NotAsciiError, Path, PathError, parse_mailbox, split_path


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("a@b.c", "a", "b.c"),
        ("A.b@EXAMPLE.Org", "A.b", "example.org"),
        ('"a"@b.c', "a", "b.c"),
        ('"a b"@b.c', "a b", "b.c"),
        (r'"a\"b"@b.c', 'a"b', "b.c"),
        ('"x@y"@b.c', "x@y", "b.c"),
        ("a@[192.0.2.1]", "a", "[192.0.2.1]"),
        ("a@[IPv6:::1]", "a", "[ipv6:::1]"),
        ("x" * 64 + "@b.c", "x" * 64, "b.c"),
        ("taro..yamada@docomo.ne.jp", "taro..yamada", "docomo.ne.jp"),
        (".a@b.c", ".a", "b.c"),
        ("a.@b.c", "a.", "b.c"),
    ],
)
def test_mailboxes_that_are_read(text: str, local: str, domain: str) -> None:
    assert parse_mailbox(text) == Path(local, domain)


@pytest.mark.parametrize(
    "text",
    [
        "taro..yamada@docomo.ne.jp", ".a@b.c", "a.@b.c", '"taro..yamada"@docomo.ne.jp', '".a"@b.c', '"a b."@b.c',
        '"."@b.c', '".."@b.c', '"příliš žluťoučký"@b.c', '"ä..b"@b.c', "ä..b@b.c", ".ä@b.c", "ä@[192.0.2.1]",
    ],
)  # fmt: skip
def test_a_local_part_goes_on_as_it_came(text: str) -> None:
    assert str(parse_mailbox(text.encode().decode("latin-1"), smtp_utf8=True)) == text


def test_quotes_that_nobody_needs_are_dropped() -> None:
    assert str(parse_mailbox('"a.b"@c')) == "a.b@c"
    assert str(parse_mailbox('"ä.b"@c'.encode().decode("latin-1"), smtp_utf8=True)) == "ä.b@c"


@pytest.mark.parametrize(
    ("text", "smtp_utf8", "error"),
    [
        ("jürgen@b.c", False, NotAsciiError),
        ("a@bücher.example", False, NotAsciiError),
        ("user@straße.example", True, DomainError),
        ("user@ελλάς.gr", True, DomainError),
        ("user@💩.la", True, DomainError),
        ("user@☃.example", True, DomainError),
        ("user@ü‍.example", True, DomainError),
        ("user@\u0301ü.example", True, DomainError),
        ("user@xn💩--.example", True, DomainError),
        ("änne@-b", True, PathError),
    ],
)  # fmt: skip
def test_an_address_says_why_it_is_refused(text: str, smtp_utf8: bool, error: type[PathError]) -> None:
    with pytest.raises(PathError) as refused:
        parse_mailbox(text.encode().decode("latin-1"), smtp_utf8=smtp_utf8)
    assert refused.type is error


@pytest.mark.parametrize(
    "domain", ["příklad.cz", "例え.テスト", "παράδειγμα.gr", "مثال.example", "उदाहरण.example", "l·l.example"]
)
def test_domains_of_many_scripts_are_read(domain: str) -> None:
    assert parse_mailbox(f"a@{domain}".encode().decode("latin-1"), smtp_utf8=True).domain.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a@", "@b", "a@b.", "a@.b", "a@b..c", ".@c", "...@c", "a b@c",
        '"<x>"@b', '"a>b"@c', r'"a\<b"@c', "a@b c", "a@b@c", "@x:a@b",
        "@x,@y:a@b", '""@b', 'a"b@c', '"a@b', "a@[1.2.3]", "a@[::1]", "a@[IPv6:1.2.3.4]", "a@-b", "a@b-",
        "x" * 65 + "@b",
        "a@" + "x" * 64, "a\x00@b", "a@b\r", "á@b", "a@bé", "a@b。c", r"a\@b@c", "<a@b>", "a@" + "b." * 130 + "c",
    ],
)  # fmt: skip
def test_mailboxes_that_are_refused(text: str) -> None:
    with pytest.raises(PathError):
        parse_mailbox(text)


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("änne@bücher.example", "änne", "xn--bcher-kva.example"),
        ("anna@BÜCHER.Example", "anna", "xn--bcher-kva.example"),
        ("änne@xn--bcher-kva.EXAMPLE", "änne", "xn--bcher-kva.example"),
        ("anna@bücher.xn--bcher-kva.example", "anna", "xn--bcher-kva.xn--bcher-kva.example"),
        ("a\u0308nne@b.c", "änne", "b.c"),
        ("ä" * 32 + "@b.c", "ä" * 32, "b.c"),
    ],
)
def test_international_mailboxes_that_are_read(text: str, local: str, domain: str) -> None:
    assert parse_mailbox(text.encode().decode("latin-1"), smtp_utf8=True) == Path(local, domain)


@pytest.mark.parametrize(
    "domain",
    [
        "bücher。example", "bücher．example", "bücher｡example", "bücher․example", "bücher﹒example", "bücher…example",
        "evil.example＠contoso.com", "evil.example﹫contoso.com", "straße.example", "ς.example", "a\u200db.example",
        "℀.example", "\u00ad.example", "bücher.example.", "bü cher.example", "-ü.-a", "a\u200b.example", "ａ.example",
        ".".join(["ü" * 50] * 5), "ü" * 64 + ".example", "\ud800.example",
    ],
)  # fmt: skip
def test_no_domain_is_read_that_another_host_may_read_otherwise(domain: str) -> None:
    with pytest.raises(PathError):
        parse_mailbox(f"anna@{domain}".encode("utf-8", "surrogatepass").decode("latin-1"), smtp_utf8=True)


@pytest.mark.parametrize(
    "local", ["ä" * 33, "a b", "a\u0085b", "a\u00a0b", "", "a\u200bb", "a\u202eb", '"ä\u00a0b"', '"<ä>"', "\ue000"]
)
def test_international_local_parts_that_are_refused(local: str) -> None:
    with pytest.raises(PathError):
        parse_mailbox(f"{local}@bücher.example".encode().decode("latin-1"), smtp_utf8=True)


def test_wide_signs_may_reroute_as_narrow_ones() -> None:
    for local in ("a％b", "a＠b", "b！a", "a﹫b"):
        assert parse_mailbox(f"{local}@c.d".encode().decode("latin-1"), smtp_utf8=True).may_reroute


@pytest.mark.parametrize(
    ("argument", "path", "parameters"),
    [
        ("<a@b>", "a@b", ""),
        (" <a@b> SIZE=1 ", "a@b", "SIZE=1"),
        ("a@b SIZE=1", "a@b", "SIZE=1"),
        ("<>", "", ""),
        ('<"a>b"@c> X=1', '"a>b"@c', "X=1"),
    ],
)
def test_split(argument: str, path: str, parameters: str) -> None:
    assert split_path(argument) == (path, parameters)


@pytest.mark.parametrize("argument", ["", "<a@b", "a@b>", "<a@b>SIZE=1", '<"a@b>', "<<a@b>"])
def test_split_refuses(argument: str) -> None:
    with pytest.raises(PathError):
        parse_mailbox(split_path(argument)[0])


@given(st.text(alphabet='abAB01.@"\\ <>!%[]:IPv6\t-_é', max_size=30))
def test_what_is_read_can_be_written_and_read_again(text: str) -> None:
    try:
        path = parse_mailbox(text)
    except PathError:
        return
    assert parse_mailbox(str(path)) == path
    assert is_plain(str(path)), "the worker would return it"


@given(st.text(alphabet='ab.@"\\ <>ä\u200b\u202eß💩。é\u0301\u00a0', max_size=20))
def test_the_same_beyond_ascii(text: str) -> None:
    try:
        path = parse_mailbox(text.encode().decode("latin-1"), smtp_utf8=True)
    except PathError:
        return
    assert parse_mailbox(str(path).encode().decode("latin-1"), smtp_utf8=True) == path
    assert is_plain(str(path)), "the worker would return it"
