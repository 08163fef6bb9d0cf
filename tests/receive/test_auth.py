"""Signing in, in the pure core: who may, in which words, and that nobody can break the exchange."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.receive.builders import connected, connector, policy, said
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, ExtendedProtectionPolicy, ReceiveConnector
from transport.receive import auth, extensions, verbs
from transport.receive.outcome import AnswerToken, CheckPassword, Close, LogonName, Outcome, Tarpit
from transport.receive.policy import Policy
from transport.receive.rules import RULES
from transport.receive.session import Session, User
from transport.receive.starttls import established

BASIC = frozenset({AuthMechanism.BasicAuth, AuthMechanism.Integrated})
USERS = frozenset({PermissionGroup.ExchangeUsers})
ANNA = User("CONTOSO\\anna", ("Sales",), frozenset({"anna@contoso.com"}))


def client(**values: object) -> Session:
    made = connector(**{"auth_mechanism": BASIC, "permission_groups": USERS, **values})
    return said(connected(policy(made)), "EHLO laptop")


def with_kerberos(**values: object) -> Session:
    session = client(enable_auth_gssapi=True, **values)
    return msgspec.structs.replace(
        session, policy=Policy(session.policy.snapshot, session.policy.server, kerberos=True)
    )


def plain(session: Session, text: str = "\0anna\0secret") -> Outcome:
    return verbs.respond(session, b"AUTH PLAIN " + base64.b64encode(text.encode()), 0.0)


def code(outcome: Outcome) -> int:
    assert outcome.reply is not None
    return outcome.reply.code


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Anna", LogonName("anna", "contoso")),
        ("FABRIKAM\\Anna", LogonName("anna", "fabrikam")),
        ("anna@Fabrikam.com", LogonName("anna", "fabrikam.com", "anna@fabrikam.com")),
        (" anna ", LogonName("anna", "contoso")),
    ],
)
def test_a_user_without_a_domain_is_one_of_the_default_logon_domain(written: str, expected: LogonName) -> None:
    assert auth.logon_name(written, "CONTOSO") == expected


def test_the_password_shows_in_no_text() -> None:
    (asked,) = plain(client()).actions
    assert isinstance(asked, CheckPassword) and asked.password == "secret"
    assert "secret" not in f"{asked!r} {asked}"


@pytest.mark.parametrize(
    ("mechanisms", "before_tls", "on_tls"),
    [
        (set(), [], []),
        ({AuthMechanism.Tls}, [], []),
        ({AuthMechanism.BasicAuth}, ["LOGIN", "PLAIN"], ["LOGIN", "PLAIN"]),
        ({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.BasicAuthRequireTLS}, [], ["LOGIN", "PLAIN"]),
        ({AuthMechanism.ExternalAuthoritative}, [], []),
        ({AuthMechanism.Integrated}, ["NTLM"], ["NTLM"]),
        ({AuthMechanism.Integrated, AuthMechanism.BasicAuth}, ["NTLM", "LOGIN", "PLAIN"], ["NTLM", "LOGIN", "PLAIN"]),
    ],
)
def test_what_is_offered_follows_from_the_connector(
    mechanisms: set[AuthMechanism], before_tls: list[str], on_tls: list[str]
) -> None:
    made = ReceiveConnector(name="x", auth_mechanism=frozenset(mechanisms))
    assert (extensions.mechanisms(made, False), extensions.mechanisms(made, True)) == (before_tls, on_tls)


@pytest.mark.parametrize(
    ("values", "kerberos", "before_tls", "on_tls"),
    [
        ({"enable_auth_gssapi": True}, True, ["GSSAPI", "NTLM"], ["GSSAPI", "NTLM"]),
        ({"enable_auth_gssapi": True}, False, ["NTLM"], ["NTLM"]),
        ({"enable_auth_gssapi": False}, True, ["NTLM"], ["NTLM"]),
        ({"extended_protection_policy": ExtendedProtectionPolicy.Allow}, True, ["NTLM"], ["NTLM"]),
        ({"extended_protection_policy": ExtendedProtectionPolicy.Require}, True, [], ["NTLM"]),
    ],
)
def test_kerberos_needs_keys_and_required_protection_needs_tls(
    values: dict[str, object], kerberos: bool, before_tls: list[str], on_tls: list[str]
) -> None:
    made = connector(auth_mechanism=frozenset({AuthMechanism.Integrated}), **values)
    assert [extensions.mechanisms(made, tls, kerberos) for tls in (False, True)] == [before_tls, on_tls]


@pytest.mark.parametrize(
    ("protection", "channel", "required"),
    [
        (ExtendedProtectionPolicy.None_, b"", False),
        (ExtendedProtectionPolicy.Allow, b"tls-server-end-point:x", False),
        (ExtendedProtectionPolicy.Require, b"tls-server-end-point:x", True),
    ],
)
def test_a_sign_in_is_bound_to_tls_as_the_connector_wants_it(
    protection: ExtendedProtectionPolicy, channel: bytes, required: bool
) -> None:
    session = established(client(extended_protection_policy=protection), "TLSv1.3", "x", (), b"tls-server-end-point:x")
    (asked,) = verbs.respond(said(session, "EHLO laptop"), b"AUTH NTLM TlRMTVNTUA==", 0.0).actions
    assert asked == AnswerToken("NTLM", b"NTLMSSP", "", channel, required, begins=True)


def test_kerberos_goes_to_and_fro_until_the_acceptor_is_content() -> None:
    asking = verbs.respond(with_kerberos(), b"AUTH GSSAPI", 0.0)
    assert asking.reply is not None and asking.reply.wire == b"334 \r\n"
    for answer, octets, begins in ((b"YIIC", b"`\x82\x02", True), (b"", b"", False)):
        outcome = verbs.respond(asking.session, answer, 0.0)
        assert outcome.actions == (AnswerToken("GSSAPI", octets, "", begins=begins),)
        asking = auth.challenged(outcome.session, "GSSAPI", b"")
        assert asking.reply is not None and asking.reply.wire == b"334 \r\n"
    assert code(auth.checked(outcome.session, ANNA)) == 235


def test_without_keys_there_is_no_kerberos() -> None:
    assert code(verbs.respond(client(enable_auth_gssapi=True), b"AUTH GSSAPI", 0.0)) == 504


def grant(principal: str, right: Right, deny: bool = False) -> Grant:
    return Grant(principal, right.value, deny)


@pytest.mark.parametrize(
    ("groups", "grants", "held"),
    [
        (USERS, (), True),
        (frozenset(), (), False),
        (frozenset(), (grant("contoso\\ANNA", Right.SUBMIT),), True),
        (frozenset(), (grant("Sales", Right.SUBMIT),), True),
        (frozenset(), (grant("Others", Right.SUBMIT),), False),
        (frozenset(), (grant(ANONYMOUS, Right.SUBMIT),), False),
        (USERS, (grant("Sales", Right.SUBMIT, deny=True),), False),
        (USERS, (grant("CONTOSO\\anna", Right.SUBMIT, deny=True), grant("Sales", Right.SUBMIT)), False),
        (USERS, (grant(AUTHENTICATED_USERS, Right.SUBMIT, deny=True),), False),
    ],
)
def test_submit_may_come_from_any_principal_and_any_denial_wins(
    groups: frozenset[PermissionGroup], grants: tuple[Grant, ...], held: bool
) -> None:
    outcome = auth.checked(client(permission_groups=groups, grants=grants), ANNA)
    assert (code(outcome) == 235) is held
    assert outcome.decided_by == ("signed_in" if held else "sign_in_without_submit")


def test_rights_are_those_of_all_principals_together() -> None:
    grants = (grant("Sales", Right.ACCEPT_ANY_SENDER), grant("CONTOSO\\anna", Right.BYPASS_ANTI_SPAM, deny=True))
    session = auth.checked(client(grants=grants), ANNA).session
    assert session.principal == "CONTOSO\\anna" and not session.is_anonymous
    assert {Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT, Right.ACCEPT_ANY_SENDER} <= session.rights
    assert Right.BYPASS_ANTI_SPAM not in session.rights


@pytest.mark.parametrize(("limit", "failures", "closes"), [(0, 50, False), (1, 1, True), (3, 2, False), (3, 3, True)])
def test_failures_close_at_the_limit(limit: int, failures: int, closes: bool) -> None:
    session = client(max_logon_failures=limit)
    for _ in range(failures):
        outcome = auth.checked(session, auth.WRONG)
        session = outcome.session
    assert (Close() in outcome.actions) is closes
    assert Tarpit(5, "AuthTarpitInterval") in outcome.actions


def test_being_told_to_wait_counts_like_a_wrong_password_but_a_fault_of_ours_does_not() -> None:
    late = auth.checked(client(max_logon_failures=1), auth.TOO_OFTEN)
    ours = auth.checked(client(max_logon_failures=1), auth.NOT_AVAILABLE)
    assert late.reply is not None and late.reply.text.startswith("454 4.7.0") and Close() in late.actions
    assert code(ours) == 454 and not ours.actions


def test_no_delay_when_none_is_wanted() -> None:
    assert auth.checked(client(auth_tarpit_interval=0), auth.WRONG).actions == ()


def test_a_line_that_is_too_long_or_ends_with_lf_alone_ends_the_exchange() -> None:
    asking = said(client(), "AUTH LOGIN")
    for outcome in (verbs.line_too_long(asking), verbs.bare_line_feed(asking)):
        assert code(outcome) == 500 and outcome.session.exchange is None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"AUTH LOGIN", b"AUTH LOGIN"),
        (b"auth plain AGE=", b"auth plain " + auth.MASK),
        (b"AUTH  PLAIN\tAGE= x", b"AUTH PLAIN " + auth.MASK),
        (b"  AUTH PLAIN AGE=", b"AUTH PLAIN " + auth.MASK),
        (b"MAIL FROM:<a@b> SIZE=1 BODY=7BIT", b"MAIL FROM:<a@b> SIZE=1 BODY=7BIT"),
    ],
)
def test_the_log_shows_no_initial_response(line: bytes, shown: bytes) -> None:
    assert auth.shown(None, line) == shown


def test_the_log_shows_no_answer() -> None:
    assert auth.shown(said(client(), "AUTH LOGIN").exchange, b"c2VjcmV0") == auth.MASK


@pytest.mark.parametrize(
    ("parameter", "code_"),
    [("AUTH=<>", 250), ("auth=anna+40contoso.com", 250), ("AUTH=", 501), ("AUTH=+zz", 501), ("AUTH=" + "a" * 501, 501)],
)
def test_where_auth_is_offered_mail_may_name_who_wrote_it(parameter: str, code_: int) -> None:
    session = auth.checked(client(), ANNA).session
    line = f"MAIL FROM:<anna@contoso.com> {parameter}".encode()
    assert code(verbs.respond(session, line, 0.0)) == code_
    stranger = said(connected(), "EHLO laptop")
    assert code(verbs.respond(stranger, b"MAIL FROM:<a@b.example> " + parameter.encode(), 0.0)) == 555


words = st.sampled_from(
    [
        "AUTH", "LOGIN", "PLAIN", "NTLM", "GSSAPI", "*", "=", "==", "YW5uYQ==", "AGFubmEAc2VjcmV0", "\0", "é", " ",
        "\t", "QUIT",
    ]
)  # fmt: skip
lines = st.one_of(
    st.binary(max_size=120),
    st.binary(max_size=80).map(base64.b64encode),
    st.lists(words, max_size=4).map(lambda parts: " ".join(parts).encode("latin-1", "replace")),
)


@given(st.lists(lines, max_size=8), st.sampled_from([ANNA, auth.WRONG, auth.TOO_OFTEN, auth.NOT_AVAILABLE]))
def test_whatever_a_client_answers_there_is_an_outcome(said_: list[bytes], answer: User | auth.Denied) -> None:
    session = with_kerberos(max_protocol_errors=None, max_logon_failures=0)
    for line in said_:
        outcome = verbs.respond(session, line, 0.0)
        if outcome.reply is None:
            assert isinstance(outcome.actions[0], CheckPassword | AnswerToken)
            last = isinstance(outcome.actions[0], CheckPassword) or outcome.actions[0].token.startswith(b"a")
            asking, asked = outcome.session, outcome.actions[0]
            mechanism = asked.mechanism if isinstance(asked, AnswerToken) else ""
            outcome = auth.checked(asking, answer) if last else auth.challenged(asking, mechanism, b"challenge")
        assert outcome.reply is not None
        assert outcome.decided_by in RULES or outcome.reply.code < 400
        session = outcome.session
        assert (session.user is not None) <= (answer == ANNA)


@given(lines)
def test_without_an_exchange_no_line_signs_anybody_in(line: bytes) -> None:
    session = msgspec.structs.replace(client(), exchange=None)
    assert verbs.respond(session, line, 0.0).session.user is None
