"""The help page of each refusal, and the list of all."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from msgspec import structs

from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector
from console.protection import actions as protection
from console.publishing.models import ConfigRevision, Count
from console.tracking import queries
from console.tracking.places import places, setting_of
from console.tracking.refusals import GROUPS, found
from tests.console.builders import ADMIN, receive_connector
from tests.console.tracking.test_pages import START, make_session
from transport.config.filters import SenderFilter
from transport.config.receive_connector import MessageRateSource
from transport.receive.rules import REFUSALS

pytestmark = pytest.mark.django_db


def page(client, name, **query):
    answer = client.get(reverse("refusals:page", args=[name]), query)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("until", [None, START + timedelta(seconds=5)])
@pytest.mark.parametrize("most", [2, 5])
def test_the_last_sessions_of_a_rule_are_found_behind_many_of_others(monkeypatch, until, most):
    """Whether or not anybody knows when it refused last."""
    monkeypatch.setattr(queries, "REFUSED_LATELY", 3)
    for number in range(4):
        make_session(number, refused=1, search="550 no relay_denied; revision 1")
    for number in range(10, 15):
        make_session(number, refused=1, search="554 no hop_count; revision 1")
    found = [each.pk for each in queries.refused_by("relay_denied", until, most)]
    assert found == [f"{number:016X}" for number in (3, 2, 1, 0)][:most]


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_is_declared_whole(name):
    rule = REFUSALS[name]
    assert rule.meaning and rule.remedy and rule.replies
    assert set(rule.see) <= places().keys()
    for on, field in ((rule.on, rule.field), rule.text_from, *((rule.on, each) for each in rule.also)):
        assert on in places() or not on, on
        assert setting_of(on, field) or not field, field
        assert not field or field in {each.name for each in structs.fields(places()[on].struct)}


def test_every_refusal_has_a_page_that_says_what_was_seen_what_decides_and_what_to_do(admin):
    connectors.create(ADMIN, receive_connector("Internet"))
    for name, rule in REFUSALS.items():
        text = page(admin, name)
        for reply in rule.replies:
            assert reply.text.replace("<", "&lt;").replace(">", "&gt;") in text, name
        setting = setting_of(rule.on, rule.field)
        assert (setting.name if setting else "") in text
        assert rule.remedy.replace("&", "&amp;").replace("'", "&#x27;") in text
        assert all(setting_of(rule.on, field).name in text for field in rule.also)
        assert setting is None or "Internet" in text or str(places()[rule.on].name) in text


def test_the_page_shows_the_setting_of_each_connector_and_leads_to_its_field(admin):
    connectors.create(ADMIN, receive_connector("Wide", max_message_size=50 << 20))
    connectors.create(ADMIN, receive_connector("Usual", bindings=["10.2.3.4:26"]))
    wide = ReceiveConnector.objects.get(name="Wide")
    text = page(admin, "message_size")
    assert "50 MB" in text and "10 MB" in text
    assert reverse("connectors:receive-properties", args=[wide.pk, "general"]) + "#id_max_message_size" in text


def test_the_page_shows_every_setting_that_has_a_part(admin):
    fast = receive_connector("Fast", message_rate_limit=7, message_rate_source=MessageRateSource.User)
    connectors.create(ADMIN, fast)
    text = page(admin, "message_rate")
    assert reverse("protection:allow-list") in page(admin, "ip_block_list")
    for words in ("MessageRateLimit", "MessageRateSource", "LimitScope", ">7</a>", ">User</a>", ">Node</a>"):
        assert words in text, words


def test_the_page_names_the_last_sessions_that_it_refused(admin):
    context = "relay_denied; revision 1"
    refused = make_session(1, (0, ">", "550 5.7.1 Unable to relay", context), refused=1, search=f"550 {context}")
    make_session(2, refused=1, search="550 not_relay_denied; revision 1")
    text = page(admin, "relay_denied")
    assert reverse("tracking:session", args=[refused.pk]) in text
    assert reverse("tracking:session", args=[f"{2:016X}"]) not in text


def test_the_list_holds_every_refusal_once_and_finds_by_code_text_rule_and_setting(admin):
    answer = admin.get(reverse("refusals:list"), {"all": "1"})
    assert [each.name for _title, group in answer.context["groups"] for each in group] == list(REFUSALS)
    assert len(GROUPS) == len(answer.context["groups"])
    for text, name in (("550 relay", "relay_denied"), ("MaxHopCount", "hop_count"), ("user unk", "recipient_blocked")):
        assert name in {each.name for each in found(text)}
    answer = admin.get(reverse("refusals:list"), {"q": "no such thing"}, headers={"HX-Target": "refusals"})
    assert "Nothing matches" in answer.text and "<html" not in answer.text


def test_the_list_is_of_what_is_refused_now(admin):
    Count.objects.all().delete()  # a live transport of another test may have told of its last minute behind it
    assert "Nothing was refused in 24 hours." in admin.get(reverse("refusals:list")).text
    now = timezone.now().replace(second=0, microsecond=0)
    happened = (("relay_denied", 3, 0), ("recipient_blocked", 5, 30), ("hop_count", 7, 0), ("hop_count", 1, 2))
    for rule, n, hours in happened:
        Count.objects.create(what="refused", by="rule", name=rule, at=now - timedelta(hours=hours), n=n)

    def listed(span):
        found = admin.get(reverse("refusals:list"), {"range": span}).context["shown"].rules
        return [(each.refusal.name, each.n, each.last) for each in found]

    assert listed("1h") == [("hop_count", 7, now), ("relay_denied", 3, now)]
    assert listed("24h") == [("hop_count", 8, now), ("relay_denied", 3, now)]
    assert reverse("refusals:page", args=["hop_count"]) in admin.get(reverse("refusals:list")).text
    assert "1 hour: 7" in page(admin, "hop_count") and "7 days: 8" in page(admin, "hop_count")


def refused(n, ago, **names):
    for by, name in names.items():
        Count.objects.create(what="refused", by=by, name=name, at=timezone.now() - ago, n=n)


def test_what_was_refused_is_told_over_time_by_rule_connector_and_client_and_what_is_new(admin):
    yesterday = timedelta(days=2)
    refused(4, yesterday, rule="relay_denied", connector="Internet", client="192.0.2.7")
    refused(2, timedelta(), rule="relay_denied", connector="Internet", client="192.0.2.7")
    refused(7, timedelta(), rule="tls_required", connector="Printers", client="2001:db8::/64")
    text = admin.get(reverse("refusals:list")).text
    assert all(each in text for each in ("relay_denied", "tls_required", "Internet", "Printers", "192.0.2.7"))
    assert "what-if/?client=2001%3Adb8%3A%3A" in text
    context = admin.get(reverse("refusals:list"), {"range": "7d"}).context
    assert [each["refused"] for at, each in context["steps"] if each["refused"]] == [4, 9]
    new = admin.get(reverse("refusals:list"), {"new": "1"}).text
    assert "tls_required" in new and "Printers" in new and "relay_denied" not in new and "192.0.2.7" not in new


def test_nothing_new_since_yesterday_is_said(admin):
    assert "Nothing is refused that was not refused before." in admin.get(reverse("refusals:list"), {"new": "1"}).text


def test_from_a_refusal_to_the_what_if_with_its_facts(admin):
    url = reverse("refusals:question", args=["relay_denied"])
    assert admin.get(url)["Location"] == reverse("refusals:page", args=["relay_denied"])
    said = [
        (0, "<", "MAIL FROM:<>", ""),
        (0, ">", "250 2.1.0 Sender OK", ""),
        (0, "<", "RCPT TO:<bob@fabrikam.com>", ""),
        (1, ">", "550 5.7.1 Unable to relay", "relay_denied; revision 1"),
    ]
    session = make_session(1, *said, refused=1, search="550 relay_denied; revision 1")
    for query in ({}, {"session": session.pk}):
        asked = admin.get(url, query)["Location"]
        assert asked.startswith("/trace/what-if/?") and "client=203.0.113.7" in asked and "fabrikam.com" in asked
    assert f"{url}?session={session.pk}" in page(admin, "relay_denied")
    assert f"{url}?session={session.pk}" in admin.get(reverse("tracking:details", args=[session.pk])).text


def test_a_page_names_the_connectors_that_differ_and_few_of_them(admin):
    named = [receive_connector(f"C{n:02}", bindings=[f"10.2.3.4:{100 + n}"]) for n in range(30)]
    small = [structs.replace(each, max_message_size=5 << 20) for each in named[1:]]
    connectors.create_all(ADMIN, [named[0], *small])
    text = page(admin, "message_size")
    assert "C01" in text and "C21" not in text and "C00" not in text
    assert "9 more differ from a new one." in text
    assert text.index("Last sessions") < text.index("Which setting decides")


def test_the_search_over_everything_finds_a_reply_from_a_bounce(admin):
    answer = admin.get(reverse("overview:search"), {"q": "550 5.7.1 Unable to relay"})
    assert reverse("refusals:page", args=["relay_denied"]) in answer.text


@pytest.mark.parametrize("name", ["no_such_rule", "queued"])
def test_what_is_no_refusal_has_no_page(admin, name):
    assert admin.get(f"/trace/refusals/{name}/").status_code == 404


def test_a_damaged_revision_keeps_nobody_from_reading_why_mail_was_refused(admin):
    protection.set_filter(ADMIN, SenderFilter(blocked_senders=("spam@fabrikam.example",)))
    protection.set_filter(ADMIN, SenderFilter(blocked_senders=("eggs@fabrikam.example",)))
    newest = ConfigRevision.objects.all()[0]
    ConfigRevision.objects.filter(pk=newest.pk).update(document=newest.document[:100])
    assert "spam@fabrikam.example" in page(admin, "sender_blocked")
