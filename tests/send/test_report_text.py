"""An administrator's words in a report: little HTML, nothing that could do more, and a plain form of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.system_message import SystemMessage
from transport.send.report_text import chosen, html, languages, plain

LINK = 'Ask the <A HREF="https://help.contoso.com/?a=1&amp;b=2">help desk</A>.'


def test_what_is_allowed_stays_and_the_rest_is_shown():
    assert html("<B>Stop</B>, <em>read</em>:<br><P>x</P>") == "<b>Stop</b>, <em>read</em>:<br><p>x</p>"
    assert html(LINK) == 'Ask the <a href="https://help.contoso.com/?a=1&amp;b=2">help desk</a>.'
    assert plain(LINK) == "Ask the help desk (https://help.contoso.com/?a=1&b=2)."
    assert html("1 &lt; 2 &amp; 3 > 2") == "1 &lt; 2 &amp; 3 &gt; 2"
    assert plain("1 &lt; 2<BR>next") == "1 < 2\r\nnext"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", '<a href="javascript:alert(1)">x</a>', '<b onclick="x">y</b>', "<img src=x>",
        '<a href="https://x.example" onclick="y">z</a>', '<A HREF="https://x.example/"><script>"x</A>',
    ],
)  # fmt: skip
def test_nothing_else_gets_through(text):
    assert re.fullmatch(r'(?:[^<>]|</?(?:b|em|p|a)>|<br>|<a href="https://[^"<>]*">)*', html(text))


@given(st.text(st.sampled_from('<>/abpemrAHREF="ht:&;lgtqouj \n'), max_size=80))
def test_elements_are_always_closed_in_order(text):
    open_ones = []
    for closes, name in re.findall(r"<(/?)(b|em|p|a)\b", html(text)):
        if closes:
            assert open_ones.pop() == name
        else:
            open_ones.append(name)
    assert open_ones == []
    assert isinstance(plain(text), str)


def message(code, text, language="En", internal=False, original=False):
    return SystemMessage(name="-", dsn_code=code, text=text, language=language, internal=internal, original=original)


def test_the_senders_language_comes_first_and_english_stands_behind():
    texts = [message("5.1.1", "no"), message("5.1.1", "nein", "De"), message("5.2.2", "full")]
    assert chosen(texts, False, ["de-AT", "fr"]) == {"5.1.1": "nein", "5.2.2": "full"}
    assert chosen(texts, False, ["fr"]) == {"5.1.1": "no", "5.2.2": "full"}
    assert chosen(texts, True, ["de"]) == {}
    assert chosen([message("5.1.1", "no", original=True)], False, []) == {}


def test_accept_language():
    assert languages("fr;q=0.3, de-DE, en;q=0.7, *;q=0.1") == ["de-DE", "en", "fr"]
    assert languages("") == []
    assert len(languages("a," * 1000)) <= 10
