"""What is said to sign in, against the vectors of the documents that define it."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.send_connector import SmartHostAuth
from transport.send.sasl import CannotSignIn, Login, Mechanism, choose, oauthbearer, refusal, steps, xoauth2

EVERYTHING = frozenset(Mechanism)


def test_plain_as_in_rfc_4616() -> None:
    (only,) = steps(Mechanism.PLAIN, Login("tim", "tanstaaftanstaaf"))
    assert only(b"") == b"\0tim\0tanstaaftanstaaf"


def test_login_is_name_then_password() -> None:
    name, password = steps(Mechanism.LOGIN, Login("anna", "geheim ü"))
    assert (name(b"Username:"), password(b"Password:")) == (b"anna", "geheim ü".encode())


def test_cram_md5_as_in_rfc_2195() -> None:
    (only,) = steps(Mechanism.CRAM_MD5, Login("tim", "tanstaaftanstaaf"))
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    assert only(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_xoauth2_as_microsoft_and_google_print_it() -> None:
    printed = (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhk"
        "SFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )
    login = Login("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
    assert xoauth2(login) == b64decode(printed)
    assert steps(Mechanism.XOAUTH2, login)[1](b"{}") == b"", "a refusal in JSON is answered with an empty line"


def test_oauthbearer_as_in_rfc_7628() -> None:
    login = Login("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "server.example.com", 143)
    assert oauthbearer(login) == (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )
    assert steps(Mechanism.OAUTHBEARER, login)[1](b"{}") == b"\x01", "AQ== on the wire"


def test_a_name_is_written_as_gs2_wants_it_in_oauthbearer_alone() -> None:
    login = Login("a=b,c@x.test", "t", "h", 1)
    assert oauthbearer(login).startswith(b"n,a=a=3Db=2Cc@x.test,\x01")
    assert xoauth2(login).startswith(b"user=a=b,c@x.test\x01")


@pytest.mark.parametrize(
    ("wanted", "offered", "secured", "found"),
    [
        (SmartHostAuth.BasicAuth, EVERYTHING, True, Mechanism.PLAIN),
        (SmartHostAuth.BasicAuth, EVERYTHING, False, Mechanism.CRAM_MD5),
        (SmartHostAuth.BasicAuth, {"LOGIN", "NTLM"}, False, Mechanism.LOGIN),
        (SmartHostAuth.BasicAuthRequireTLS, {"LOGIN", "XOAUTH2"}, True, Mechanism.LOGIN),
        (SmartHostAuth.OAuth, {"LOGIN", "XOAUTH2"}, True, Mechanism.XOAUTH2),
        (SmartHostAuth.OAuth, EVERYTHING, True, Mechanism.OAUTHBEARER),
    ],
)
def test_the_mechanism_follows_from_what_is_offered_and_wanted(wanted, offered, secured, found) -> None:
    assert choose(wanted, frozenset(offered), secured) is found


@pytest.mark.parametrize("wanted", [SmartHostAuth.BasicAuthRequireTLS, SmartHostAuth.OAuth])
@given(offered=st.frozensets(st.one_of(st.sampled_from(list(Mechanism)), st.text(max_size=20))))
def test_in_the_clear_no_secret_is_said_whatever_is_offered(wanted, offered) -> None:
    with pytest.raises(CannotSignIn, match="not encrypted"):
        choose(wanted, offered, False)


@given(offered=st.frozensets(st.text(max_size=30)))
def test_what_fits_nothing_is_said_in_words_that_a_page_can_show(offered) -> None:
    with pytest.raises(CannotSignIn) as error:
        choose(SmartHostAuth.OAuth, offered - set(Mechanism), True)
    assert str(error.value).isprintable() and len(str(error.value)) < 300


def test_the_json_of_a_refusal_is_read() -> None:
    said = b'{"status":"invalid_token","scope":"https://mail.google.com/","openid-configuration":"x"}'
    assert refusal(said) == "invalid_token, scope https://mail.google.com/"
    assert refusal(b'{"status":"400","schemes":"Bearer","scope":"s"}') == "400, scope s"


@given(st.one_of(st.binary(max_size=200), st.just(b"[" * 100_000), st.just(b'{"status": {"a": 1}}')))
def test_any_other_challenge_says_nothing_and_breaks_nothing(challenge) -> None:
    assert len(refusal(challenge)) <= 200
