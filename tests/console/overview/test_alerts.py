"""What needs attention comes by mail, once when it begins and once when it is over."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db.models import F

from console.overview import alerts
from console.overview.concern import Concern
from console.overview.models import Alert
from console.queues.models import Content, Message, QueuedRecipient
from console.transport_settings import actions as transport
from tests.console.builders import ADMIN
from transport.config.transport_config import TransportConfig

pytestmark = pytest.mark.django_db
TO = ("anna@contoso.com", "bob@fabrikam.example")


@pytest.fixture(autouse=True)
def told_to_both() -> None:
    transport.save(ADMIN, TransportConfig(alert_recipients=TO))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Concern]:
    """What needs attention just now."""
    there: list[Concern] = []
    monkeypatch.setattr(alerts, "concerns", lambda: there)
    return there


def mail() -> list[tuple[str, str]]:
    """(subject, text) of each message to Anna, and none of them stays."""
    own = [each.message_id for each in QueuedRecipient.objects.filter(address=TO[0]).order_by("message_id")]
    chunks = [bytes(Content.objects.get(message_id=each).chunk) for each in own]
    assert QueuedRecipient.objects.count() == len(TO) * len(own)
    assert set(Message.objects.values_list("sender", flat=True)) <= {""}
    for table in (QueuedRecipient, Content, Message):
        table.objects.all().delete()
    read = [message_from_bytes(each, policy=policy.default) for each in chunks]
    return [(str(each["Subject"]), each.get_content()) for each in read]


def ten_minutes_later() -> None:
    Alert.objects.update(told_at=F("told_at") - timedelta(minutes=11))


LISTENS_NOT = Concern("Printers", "It cannot listen on 10.2.3.4:25.", "/mail-flow/receive-connectors/1/", is_bad=True)
WAIT = Concern("contoso.com", "2 messages wait.", "/mail-flow/queues/1/")


def test_what_begins_and_what_is_over_is_told_once_to_each_address(found: list[Concern]) -> None:
    found[:] = [LISTENS_NOT]
    assert alerts.tell() == len(TO)
    [(subject, text)] = mail()
    assert subject == "Gatepost: Printers needs attention"
    for words in ("Needs attention:", "It cannot listen on 10.2.3.4:25.", "/mail-flow/receive-connectors/1/"):
        assert words in text
    ten_minutes_later()
    assert (alerts.tell(), mail()) == (0, [])
    found.clear()
    alerts.tell()
    [(subject, text)] = mail()
    assert subject == "Gatepost: over: Printers"
    assert "Needs attention:" not in text and "Over:" in text
    ten_minutes_later()
    assert (alerts.tell(), mail()) == (0, [])
    assert not Alert.objects.exists()


def test_no_second_message_comes_within_ten_minutes_and_then_one_tells_all(found: list[Concern]) -> None:
    found[:] = [LISTENS_NOT]
    alerts.tell()
    mail()
    found[:] = [WAIT, *(Concern(f"Office {number}", "x", "/") for number in range(60))]
    assert (alerts.tell(), mail()) == (0, [])
    ten_minutes_later()
    alerts.tell()
    [(subject, text)] = mail()
    assert "and 60 more need attention" in subject
    assert text.count("Office ") <= alerts.NAMED and "And 11 more." in text
    assert text.index("Over:") < text.index("Printers")


def test_what_comes_and_goes_fills_no_mailbox(found: list[Concern]) -> None:
    for turn in range(8):
        found[:] = [LISTENS_NOT] if turn % 2 == 0 else []
        alerts.tell()
    assert len(mail()) == 1
    found[:] = [LISTENS_NOT]
    alerts.tell()
    ten_minutes_later()
    assert (alerts.tell(), mail()) == (0, [])


def test_a_number_that_changes_in_its_words_is_nothing_new(found: list[Concern]) -> None:
    found[:] = [WAIT]
    alerts.tell()
    mail()
    ten_minutes_later()
    found[:] = [Concern(WAIT.name, "1 message waits.", WAIT.url)]
    assert (alerts.tell(), mail()) == (0, [])
    found.append(Concern(WAIT.name, "3 days left.", WAIT.url))
    assert alerts.tell() == len(TO)


def test_nobody_is_told_until_an_address_is_given(found: list[Concern]) -> None:
    found[:] = [LISTENS_NOT]
    transport.save(ADMIN, TransportConfig())
    assert (alerts.tell(), Message.objects.count()) == (0, 0)
    transport.save(ADMIN, TransportConfig(alert_recipients=TO[:1]))
    assert alerts.tell() == 1


def test_who_dies_before_the_mail_is_in_the_queue_leaves_it_to_the_next(
    found: list[Concern], monkeypatch: pytest.MonkeyPatch
) -> None:
    found[:] = [LISTENS_NOT]

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "mail_out", dies)
        with pytest.raises(KeyboardInterrupt):
            alerts.tell()
    assert alerts.tell() == len(TO)
    assert len(mail()) == 1


def test_what_truly_needs_attention_is_read_and_mailed() -> None:
    assert alerts.tell() == len(TO), "no process of this copy runs"
    [(_subject, text)] = mail()
    assert "Process: " in text
