"""A label means what every mail client takes it for (https://encoding.spec.whatwg.org/#names-and-labels)."""

from __future__ import annotations

import pytest

from console.mailboxes.charsets import codec_of, decoded


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("iso-8859-1", b"\x93Gr\xfc\xdfe\x94 \x80 5", "“Grüße” € 5"),
        ("ISO_8859-1", b"\x85", "…"),
        ("latin1", b"\x99", "™"),
        ("8859-1", b"\x99", "™"),
        ("us-ascii", b"don\x92t", "don’t"),
        ("us-ascii", "don’t".encode(), "don’t"),
        ("iso-8859-9", b"\x93\xfe\x94", "“ş”"),
        ("iso-8859-11", b"\xa1\x85", "ก…"),
        ("tis-620", b"\xa1", "ก"),
        ("gb2312", "镕朱喆".encode("gbk"), "镕朱喆"),
        ("GBK", "€㐀".encode("gb18030"), "€㐀"),
        ("x-gbk", "中文".encode("gbk"), "中文"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("euc-kr", "똠방각하".encode("cp949"), "똠방각하"),
        ("shift_jis", "①㈱髙".encode("cp932"), "①㈱髙"),
        ("x-sjis", "①㈱髙".encode("cp932"), "①㈱髙"),
        ("iso-2022-jp", b"\x1b$B-!-j\x1b(B ok \x1b$BF|K\\\x1b(B", "①㈱ ok 日本"),
        ("iso-2022-jp", b"\x1b(I12\x1b(J~", "ｱｲ~"),
        ("euc-jp", b"\xad\xa1\xad\xea \xc6\xfc\xcb\xdc \x8e\xb1", "①㈱ 日本 ｱ"),
        ("euc-jp", "漢字".encode("euc_jp") + b"\x8f\xb0\xa1", "漢字丂"),
        ("big5", "裏碁€".encode("cp950"), "裏碁€"),
        ("big5-hkscs", "嘅".encode("big5hkscs"), "嘅"),
        ("utf8", "ü".encode(), "ü"),
        ("UTF_8", "ü".encode(), "ü"),
        ('"utf-8";', "ü".encode(), "ü"),
        ("utf-8", b"a\xffb", "a�b"),
        ("cp-850", b"\x81", "ü"),
        ("cp850", b"\x81", "ü"),
        ("ibm437", b"\x81", "ü"),
        ("win-1251", "Привет".encode("cp1251"), "Привет"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("macintosh", b"\x8a", "ä"),
        ("utf-16", "ü".encode("utf-16-le"), "ü"),
        ("hz-gb-2312", b"~{VPND~}", "中文"),
        ("iso-2022-kr", b"\x1b$)C\x0eGQ1[\x0f", "한글"),
    ],
)
def test_a_label_means_its_superset(label: str, octets: bytes, text: str) -> None:
    assert decoded(octets, label) == text


@pytest.mark.parametrize("label", ["", "unknown-8bit", "x-unknown", "x-user-defined", "no-such", "?", "8bit", "base64"])
def test_without_a_label_that_says_anything_text_is_utf_8_if_it_can_be_and_windows_1252_otherwise(label: str) -> None:
    assert decoded("Grüße €".encode(), label) == "Grüße €"
    assert decoded(b"Gr\xfc\xdfe \x80", label) == "Grüße €"


def test_escape_sequences_of_japanese_mail_label_themselves() -> None:
    assert decoded(b"\x1b$BF|K\\\x1b(B ok") == decoded(b"\x1b$BF|K\\\x1b(B ok", "us-ascii") == "日本 ok"


def test_utf_7_is_never_decoded_because_it_hides_markup() -> None:
    assert codec_of("utf-7") == codec_of("unicode-1-1-utf-7") == ""
    assert decoded(b"+ADw-script+AD4-", "utf-7") == "+ADw-script+AD4-"


@pytest.mark.parametrize("label", ["rot13", "base64", "zlib", "idna", "punycode", "unicode_escape", "undefined", "hex"])
def test_what_is_a_codec_to_python_but_no_charset_is_none(label: str) -> None:
    assert codec_of(label) == ""


def test_a_byte_order_mark_is_stronger_than_the_label() -> None:
    assert decoded(b"\xef\xbb\xbf\xc3\xbc", "iso-8859-1") == "ü"
    assert decoded(b"\xff\xfe\xfc\x00", "utf-8") == "ü"


@pytest.mark.parametrize("label", ["iso-2022-jp", "euc-jp", "big5", "gb18030", "iso-2022-kr", "hz", "utf-16", "cp949"])
def test_no_octets_are_an_error_in_any_charset(label: str) -> None:
    octets = bytes(range(256)) * 3 + b"\x1b$B\x1b\x1b(\x8f\x8e\xff"
    assert decoded(octets, label)
