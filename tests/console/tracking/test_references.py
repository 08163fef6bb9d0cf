"""A refusal carries a reference: a page explains it to who was refused, and leads an administrator to the session."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from console.tracking.explained import EXPLAINED, RECIPIENT
from console.tracking.models import Session
from console.transport_settings import actions
from tests.console.builders import ADMIN
from tests.shell.running_transport import RunningTransport
from transport import identity
from transport.config import bounds
from transport.config.filters import RecipientFilter
from transport.config.transport_config import TransportConfig
from transport.receive.rules import REFUSALS
from transport.reference import References

PAGE = "https://mail.contoso.com/refused/"
ADDRESSES = count(1)
"""Of strangers: each test has its own."""
CONFIG = TransportConfig(refusal_reference_page=PAGE, refusal_reference_age=24 * 3600)


@pytest.fixture
def stranger(db: None) -> Browser:
    """Of somebody who has not signed in, where refusals carry references."""
    actions.save(ADMIN, CONFIG, None)
    return Browser(REMOTE_ADDR=f"192.0.2.{next(ADDRESSES)}")


def reference(rule: str = "recipient_unknown", ago: timedelta = timedelta()) -> str:
    began = identity.session_id((timezone.now() - ago).timestamp())
    return References(settings.GATEPOST_SECRET_KEY.encode()).make(began, rule)


def asked(stranger: Browser, text: str) -> Any:
    return stranger.get(f"/refused/{text}")


def test_every_refusal_has_plain_words() -> None:
    assert EXPLAINED.keys() == REFUSALS.keys()


def test_the_page_explains_a_refusal_to_who_cannot_sign_in(stranger: Browser) -> None:
    answer = asked(stranger, reference("message_size"))
    assert answer.status_code == 200 and "The message was too large." in answer.text
    assert "no-store" in answer["Cache-Control"] and "noindex" in answer["X-Robots-Tag"]
    assert "script-src 'none'" in answer["Content-Security-Policy"] and "<script" not in answer.text
    assert not answer.cookies
    german = stranger.get(f"/refused/{reference('message_size')}", headers={"Accept-Language": "de"})
    assert "Die Nachricht war zu groß." in german.text


def test_it_does_not_tell_whether_an_address_exists(stranger: Browser) -> None:
    shown = {
        asked(stranger, text).text.replace(text, "") for text in map(reference, ("recipient_unknown", "relay_denied"))
    }
    assert len(shown) == 1
    every = [EXPLAINED[rule] for rule in ("recipient_unknown", "recipient_blocked", "relay_denied", "rerouting_denied")]
    assert every == [RECIPIENT] * 4


def test_two_refusals_of_one_rule_do_not_look_alike() -> None:
    references = References(b"secret")
    assert len({references.make("0123456789ABCDEF", "relay_denied") for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["A" * 26, "B" * 25, "..%2F", "<b>x</b>", "7" * 300, "=" * 26, "\u0130" * 26])
def test_what_was_made_up_and_what_has_expired_get_the_same_answer(stranger: Browser, text: str) -> None:
    expired = reference(ago=timedelta(days=1, minutes=1))
    answers = [asked(stranger, each) for each in (expired, text)]
    assert [each.status_code for each in answers] == [404, 404]
    assert "Nothing is known of this reference" in answers[1].text and "<b>x</b>" not in answers[1].text
    assert len({len(answer.text) - len(answer.context["asked"]) for answer in answers if "<" not in text}) <= 1
    assert asked(stranger, reference(ago=timedelta(hours=23))).status_code == 200


def test_one_of_another_installation_says_nothing() -> None:
    made = References(b"one").make("0123456789ABCDEF", "relay_denied")
    assert References(b"two").read(made) is None and References(b"").read(made) is None
    found = References(b"one").read(f" {PAGE}{made.lower()}/ ")
    assert found and found == ("0123456789ABCDEF", "relay_denied")


def test_where_refusals_carry_none_there_is_no_page_either(stranger: Browser) -> None:
    actions.save(ADMIN, TransportConfig(), None)
    assert asked(stranger, reference()).status_code == 404


def test_who_asks_too_often_is_told_to_come_back(stranger: Browser) -> None:
    most = bounds.REFERENCE_LOOKS.lines or 0
    codes = [asked(stranger, reference()).status_code for _ in range(most + 1)]
    assert codes == [200] * most + [429]
    assert asked(Browser(REMOTE_ADDR=f"192.0.2.{next(ADDRESSES)}"), reference()).status_code == 200


def test_a_reference_is_entered_in_the_page(stranger: Browser) -> None:
    assert "Why was my message refused?" in stranger.get("/refused/").text
    made = reference()
    assert stranger.get("/refused/", {"reference": f"{PAGE}{made}"})["Location"] == f"/refused/{made}"


def test_an_administrator_pastes_it_and_finds_the_session(stranger: Browser, admin: Browser) -> None:
    made = reference("relay_denied", ago=timedelta(days=30))
    page = reverse("refusals:page", args=["relay_denied"])
    assert admin.get(reverse("refusals:list"), {"q": PAGE + made})["Location"] == page
    typed = admin.get(reverse("refusals:list"), {"q": made}, headers={"HX-Request": "true"})
    assert typed["HX-Redirect"] == page  # else the whole page would land in the list
    found = References(settings.GATEPOST_SECRET_KEY.encode()).read(made)
    assert found
    Session.objects.create(
        session_id=found.session_id, transport="mx1", connector="mx1\\Internet", local_endpoint="10.2.3.4:25",
        remote_address="203.0.113.7", remote_port=1, started_at=timezone.now(),
    )  # fmt: skip
    with_session = f"{page}?session={found.session_id}"
    assert admin.get(reverse("refusals:list"), {"q": made})["Location"] == with_session
    assert with_session in admin.get(reverse("overview:search"), {"q": made}).text


def test_a_transport_gives_them_out() -> None:
    transport = RunningTransport()
    transport.variables["GATEPOST_SECRET_KEY"] = settings.GATEPOST_SECRET_KEY
    transport.publish(transport_config=CONFIG, recipient_filter=RecipientFilter(recipient_validation_enabled=True))
    transport.list_recipients(["bob@gatepost.test"])
    transport.start()
    try:
        client = transport.greeted()
        client.say("MAIL FROM:<anna@contoso.com>")
        replies = [client.say(f"RCPT TO:<{name}@gatepost.test>") for name in ("bob", "carl", "dora")]
        assert replies[0] == "250 2.1.5 Recipient OK"
        heads, made = zip(*(reply.rsplit(" ", 1) for reply in replies[1:]), strict=True)
        assert set(heads) == {"550 5.1.1 User unknown"} and made[0] != made[1]
        read = [References(settings.GATEPOST_SECRET_KEY.encode()).read(each) for each in made]
        assert read[0] == read[1] and read[0] is not None and read[0].rule == "recipient_unknown"
    finally:
        transport.stop()
        transport.remove()
