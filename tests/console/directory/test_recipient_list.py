"""What the directory reads out of pasted and uploaded lists."""

import pytest

from console.directory.addresses import parse_address
from console.directory.recipient_list import Checked, check, decode


def read(content: bytes) -> Checked:
    checked = Checked()
    for _line in check(decode(content), checked):
        pass
    return checked


@pytest.mark.parametrize(
    "content",
    [
        b"anna@contoso.com,Anna Berg\nbob@contoso.com\n",
        b"anna@contoso.com;Anna Berg\r\nbob@contoso.com;\r\n",
        b"anna@contoso.com\tAnna Berg\rbob@contoso.com",
        b'\xef\xbb\xbfAddress,Display name\r\nAnna@Contoso.com,"Anna Berg"\r\n\r\n  bob@contoso.com  ,\r\n',
        b"anna@contoso.com;Anna Berg\nbob@contoso.com,\n",
        "E-Mail;Name\nanna@contoso.com;Anna Berg\nbob@contoso.com".encode("utf-16"),
    ],
)
def test_every_common_form_of_a_list_is_understood(content):
    checked = read(content)
    assert checked.names == {"anna@contoso.com": "Anna Berg", "bob@contoso.com": ""}
    assert not checked.bad.count


def test_a_display_name_may_hold_a_comma_after_another_sign():
    assert read(b"anna@contoso.com;Berg, Anna\n").names == {"anna@contoso.com": "Berg, Anna"}


def test_a_name_in_windows_1252_is_understood():
    assert read("jörg@x.com\nanna@contoso.com;Jörg".encode("cp1252")).names == {
        "jörg@x.com": "",
        "anna@contoso.com": "Jörg",
    }


def test_bad_lines_are_named_by_number_and_reason():
    bad = read(b'address\nanna@contoso.com\nno address\na..b@contoso.com\n"a,b@c.com\nx@y.com,n,z').bad
    assert [line for line, _why in bad.first] == [3, 4, 5, 6]
    assert "“no address” is no address" in bad.first[0][1]
    assert "single dots" in bad.first[1][1]
    assert "quotation marks" in bad.first[2][1]
    assert "two columns" in bad.first[3][1]


def test_only_the_first_hundred_bad_lines_are_kept_but_all_are_counted():
    bad = read(b"wrong\n" * 250).bad
    assert (bad.count, len(bad.first)) == (250, 100)


def test_a_repeated_address_is_reported_and_its_first_name_kept():
    checked = read(b"a@x.com,First\nA@X.com,Second\nb@x.com\nb@x.com,Later")
    assert checked.names == {"a@x.com": "First", "b@x.com": "Later"}
    assert checked.repeated.first[0] == (2, "a@x.com stands in line 1 already.")


def test_an_international_domain_becomes_a_labels():
    assert parse_address(" Anna@Bücher.Example ") == "anna@xn--bcher-kva.example"


def test_an_international_name_is_kept_in_its_composed_form():
    assert parse_address("JO\u0308RG@c.com") == "jörg@c.com"
    assert parse_address("山田@c.com") == "山田@c.com"


@pytest.mark.parametrize(
    "text",
    ["", "@", "a@", "@b.com", "a b@c.com","a@b@c.com", ".a@c.com", "a@-b.com", "a@c..com", "a\x00@c.com",
     "x" * 65 + "@c.com", "a@" + "b" * 64 + ".com", "jö rg@c.com", "j\u202eg@c.com",
     "ö" * 33 + "@c.com", "<a@c.com>", "a@c.com\n"[:-1] + ">"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_words(text):
    with pytest.raises(ValueError, match=r"[A-Za-z]{3}"):
        parse_address(text)
