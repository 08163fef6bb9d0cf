"""Address tricks, over a socket and through to the journal: nothing is relayed, nothing is read in two ways."""

from __future__ import annotations

import pytest

from tests.safety.conftest import Gateway

TAKEN, MALFORMED, NO_RELAY, NOT_ASCII = "250 2.1.5", "501 5.1.3", "550 5.7.1", "553 5.6.7"

PLAIN = [
    # ours
    ("<t@contoso.com>", TAKEN),
    ("<T@CONTOSO.Com>", TAKEN),
    ("t@contoso.com", TAKEN),
    (" <t@contoso.com>", TAKEN),
    ("\t<t@contoso.com>", TAKEN),
    ("<t@contoso.com> ", TAKEN),
    ("<t@xn--bcher-kva.example>", TAKEN),
    ("<t@XN--BCHER-KVA.example>", TAKEN),
    ("<t@branch.example>", TAKEN),
    ("<t@a.b.branch.example>", TAKEN),
    ("<t@a.wild.example>", TAKEN),
    ('<"t"@contoso.com>', TAKEN),
    ('<"two words"@contoso.com>', TAKEN),
    ("<postmaster>", TAKEN),
    ("<POSTMASTER>", TAKEN),
    # somebody else's
    ("<t@victim.example>", NO_RELAY),
    ("<t@sub.contoso.com>", NO_RELAY),
    ("<t@wild.example>", NO_RELAY),
    ("<t@notbranch.example>", NO_RELAY),
    ("<t@contoso.com.victim.example>", NO_RELAY),
    ("<t@contoso.comx>", NO_RELAY),
    ("<postmaster@victim.example>", NO_RELAY),
    # another destination inside the local part
    ("<t%victim.example@contoso.com>", NO_RELAY),
    ("<victim.example!t@contoso.com>", NO_RELAY),
    ('<"t@victim.example"@contoso.com>', NO_RELAY),
    ('<"t%victim.example"@contoso.com>', NO_RELAY),
    ('<"victim.example!t"@contoso.com>', NO_RELAY),
    (r'<"t\@victim.example"@contoso.com>', NO_RELAY),
    ("<a!b%c@contoso.com>", NO_RELAY),
    # source routes
    ("<@contoso.com:t@victim.example>", MALFORMED),
    ("<@[127.0.0.1]:t@victim.example>", MALFORMED),
    ("<@contoso.com,@victim.example:t@victim.example>", MALFORMED),
    ("<@victim.example:t@contoso.com>", MALFORMED),
    # address literals are no accepted domain
    ("<t@[127.0.0.1]>", NO_RELAY),
    ("<t@[IPv6:::1]>", NO_RELAY),
    ("<t%victim.example@[127.0.0.1]>", NO_RELAY),
    ("<t@[127.0.0.1]@victim.example>", MALFORMED),
    ("<t@[127.0.0.1>", MALFORMED),
    ("<t@127.0.0.1>", NO_RELAY),
    ("<t@[::1]>", MALFORMED),
    ("<t@[IPv6:127.0.0.1]>", MALFORMED),
    ("<t@[x25:contoso.com]>", MALFORMED),
    # no domain, half a domain, two domains
    ("<t>", MALFORMED),
    ('<"t@contoso.com">', MALFORMED),
    ("<victim.example!t>", MALFORMED),
    ("<t@>", MALFORMED),
    ("<@contoso.com>", MALFORMED),
    ("<>", MALFORMED),
    ("<t@contoso.com.>", MALFORMED),
    ("<t@.contoso.com>", MALFORMED),
    ("<t@contoso..com>", MALFORMED),
    ("<t@contoso.com@victim.example>", MALFORMED),
    (r"<t\@victim.example@contoso.com>", MALFORMED),
    ("<t@contoso.com victim.example>", MALFORMED),
    ("<t @contoso.com>", MALFORMED),
    ("<t@ contoso.com>", MALFORMED),
    ("<t@contoso.com;victim.example>", MALFORMED),
    ("<t@contoso.com,t@victim.example>", MALFORMED),
    ("<t@contoso.com><t@victim.example>", MALFORMED),
    ("t@contoso.com>", MALFORMED),
    ("<t@contoso.com", MALFORMED),
    ("<<t@contoso.com>>", MALFORMED),
    ('<""@contoso.com>', MALFORMED),
    # dots as carriers have given them out
    ("<.t@contoso.com>", TAKEN),
    ("<t.@contoso.com>", TAKEN),
    ("<t..t@contoso.com>", TAKEN),
    ('<"t..t"@contoso.com>', TAKEN),
    ("<t..t@victim.example>", NO_RELAY),
    ("<t..%victim.example@contoso.com>", NO_RELAY),
    ("<.@contoso.com>", MALFORMED),
    ("<..@contoso.com>", MALFORMED),
    ('<"<t>"@contoso.com>', MALFORMED),
    ('<"t>"@contoso.com>', MALFORMED),
    ("<t(comment)@contoso.com>", MALFORMED),
    ("<t@(comment)contoso.com>", MALFORMED),
    ("<t@-contoso.com>", MALFORMED),
    ("<" + "t" * 65 + "@contoso.com>", MALFORMED),
    ("<t@" + "c" * 64 + ".com>", MALFORMED),
    ("<|/bin/sh@contoso.com>", TAKEN),  # an ordinary atom (RFC 5322 §3.2.3); nothing here hands it to a shell
    ("<../../etc/passwd@contoso.com>", TAKEN),
    # characters that have no place
    ("<t@contoso.com\0@victim.example>", "501 5.5.4"),
    ("<t\x0bt@contoso.com>", "501 5.5.4"),
    ("<t@contoso.com\x7f>", "501 5.5.4"),
    ("<t@contoso.com\r>", "501 5.5.4"),
    ("<tést@contoso.com>", NOT_ASCII),
    ("<t@bücher.example>", NOT_ASCII),
    ("<t@contoso。com>", NOT_ASCII),
    # ORCPT is a note for reports, not a destination
    ("<t@contoso.com> ORCPT=rfc822;t@victim.example NOTIFY=NEVER", TAKEN),
    ("<t@victim.example> ORCPT=rfc822;t@contoso.com", NO_RELAY),
]

INTERNATIONAL = [
    ("<tést@contoso.com>", TAKEN),
    ("<t@bücher.example>", TAKEN),
    ("<t@BÜCHER.example>", TAKEN),
    ("<t@ünter.branch.example>", TAKEN),
    ("<tést@victim.example>", NO_RELAY),
    ("<t@bücher.victim.example>", NO_RELAY),
    ("<t@bücher。example>", NOT_ASCII),
    ("<t@bücher．example>", NOT_ASCII),
    ("<t@bücher｡example>", NOT_ASCII),
    ("<t@bücher﹒example>", NOT_ASCII),
    ("<t@evil.example＠contoso.com>", NOT_ASCII),
    ("<t@cοntoso.com>", NO_RELAY),  # a Greek omicron
    ("<t@contoso.com\u200b>", NOT_ASCII),
    ("<t＠victim.example@contoso.com>", NO_RELAY),
    ("<t％victim.example@contoso.com>", NO_RELAY),
    ("<t@b\u00fccher.example.>", NOT_ASCII),
    ('<"pří lišžlu"@bücher.example>', TAKEN),
    ('<"t@victim.example ü"@bücher.example>', NO_RELAY),
    ('<"<ü>"@bücher.example>', MALFORMED),
    ("<t\u200b@contoso.com>", MALFORMED),
    ("<t\u202et@contoso.com>", MALFORMED),
    ("<t@💩.example>", NOT_ASCII),
    ("<t@straße.branch.example>", NOT_ASCII),
]


def answers(gateway: Gateway, mail: str, tried: list[tuple[str, str]]) -> list[str]:
    """The replies to each RCPT of one message, which is then sent."""
    client = gateway.greeted()
    assert client.say(mail).startswith("250 ")
    found = [client.say(f"RCPT TO:{address}") for address, _ in tried]
    assert client.say("DATA").startswith("354 ")
    client.send(b"Subject: tricks\r\n\r\n.\r\n")
    assert client.reply().startswith("250 ")
    client.close()
    return found


@pytest.mark.parametrize(
    ("mail", "tried"),
    [("MAIL FROM:<f@victim.example>", PLAIN), ("MAIL FROM:<f@victim.example> SMTPUTF8", INTERNATIONAL)],
    ids=["plain", "international"],
)
def test_every_trick_has_its_answer_and_only_ours_are_queued(
    gateway: Gateway, mail: str, tried: list[tuple[str, str]]
) -> None:
    found = answers(gateway, mail, tried)
    wrong = [f"{address!r}: {reply}" for (address, code), reply in zip(tried, found, strict=True)
             if not reply.startswith(code)]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    _, recipients, _ = gateway.taken()[-1]
    for recipient in recipients:
        local, _, domain = recipient.rpartition("@")
        ours = domain in ("contoso.com", "xn--bcher-kva.example", "branch.example")
        assert ours or domain.endswith((".wild.example", ".branch.example"))
        assert not set("%!@") & set(local)


D, S, I = "victim.example", "gateway.test", "[127.0.0.1]"  # noqa: E741
NMAP = [
    ("", f"t@{D}"), (f"f@{D}", f"t@{D}"), (f"f@{S}", f"t@{D}"), (f"f@{I}", f"t@{D}"), (f"f@{I}", f"t%{D}@{I}"),
    (f"f@{I}", f"t%{D}@{S}"), (f"f@{I}", f'"t@{D}"'), (f"f@{I}", f'"t%{D}"'), (f"f@{I}", f"t@{D}@{I}"),
    (f"f@{I}", f'"t@{D}"@{I}'), (f"f@{I}", f"t@{D}@{S}"), (f"f@{I}", f"@{I}:t@{D}"), (f"f@{I}", f"@{S}:t@{D}"),
    (f"f@{I}", f"{D}!t"), (f"f@{I}", f"{D}!t@{I}"), (f"f@{I}", f"{D}!t@{S}"),
]  # fmt: skip


def test_none_of_the_sixteen_pairs_of_nmap_is_relayed(gateway: Gateway) -> None:
    before = len(gateway.taken())
    client = gateway.greeted()
    for sender, recipient in NMAP:
        assert client.say(f"MAIL FROM:<{sender}>").startswith("250 ")
        assert client.say(f"RCPT TO:<{recipient}>")[:3] in ("501", "550"), recipient
        assert client.say("DATA").startswith("503 ")
        assert client.say("RSET").startswith("250 ")
    assert len(gateway.taken()) == before


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        ("<>", "250"),
        ("<f@victim.example>", "250"),
        ("<f@contoso.com>", "250"),
        ("<f>", "501"),
        ("<f@victim.example.>", "501"),
        ("<@contoso.com:f@victim.example>", "501"),
        ("<f@victim.example\r>", "501"),
        ("<fé@victim.example>", "553"),
        ("<f@victim.example> AUTH=<>", "555"),
        ("<f@victim.example> SIZE=1 SIZE=2", "501"),
        ("<f@victim.example> SIZE=99999999999999999999", "552"),
        ("<f@victim.example> SIZE=999999999999999999999", "501"),
        ("<f@victim.example> SIZE=-1", "501"),
        ("<f@victim.example> SIZE=１", "501"),
        ("<f@victim.example> BODY=", "501"),
        ("<f@victim.example> ENVID=a+0D+0A", "250"),
        ("<f@victim.example> ENVID=a+0d", "501"),
    ],
)
def test_senders(gateway: Gateway, sender: str, code: str) -> None:
    client = gateway.greeted()
    assert client.say(f"MAIL FROM:{sender}")[:3] == code
    client.close()
