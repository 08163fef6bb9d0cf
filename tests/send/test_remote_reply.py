import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.send import remote_reply
from transport.send.remote_reply import Fate, judge, judge_recipient, status_of


def test_two_is_delivered_four_waits_five_fails():
    assert judge(250, "2.0.0 Ok").fate is Fate.DELIVERED
    assert judge(451, "4.7.1 Greylisted").fate is Fate.RETRY
    assert judge(550, "5.1.1 User unknown").fate is Fate.FAILED
    assert judge(354, "go ahead", expected=3).fate is Fate.DELIVERED


def test_an_answer_that_makes_no_sense_is_tried_again():
    assert judge(354, "what?").fate is Fate.RETRY
    assert judge(-1, "").fate is Fate.RETRY


def test_too_many_recipients_means_the_rest_at_once():
    assert judge_recipient(452, "4.5.3 Too many recipients", accepted_before=True).at_once
    assert judge_recipient(552, "Too many recipients", accepted_before=True).fate is Fate.RETRY
    assert not judge_recipient(452, "4.3.1 Insufficient", accepted_before=False).at_once


def test_the_status_is_theirs_when_it_fits_the_code():
    assert status_of(550, "5.7.1 Unable to relay") == "5.7.1"
    assert status_of(550, "4.7.1 confused") == "5.1.1"
    assert status_of(550, "no such user") == "5.1.1"
    assert status_of(599, "") == "5.0.0"


@given(st.integers(-1, 999), st.text(max_size=200))
def test_every_answer_has_a_meaning_on_one_line(code, text):
    verdict = judge(code, text)
    assert verdict.text.isprintable()
    assert len(verdict.text) <= 500
    assert verdict.status[0] in "245"


def test_unreachable_reads_like_exchange_and_claims_no_host_that_there_was_not():
    heard = '451 4.4.0 Primary target IP address responded with: "421 busy". '
    assert remote_reply.unreachable("421 busy", 2).text.startswith(heard + "Attempted failover to alternate host")
    assert remote_reply.unreachable("421 busy", 1).text == heard + "There is no alternate host."


def test_a_refusal_of_the_order_says_nothing_about_the_message():
    assert remote_reply.refuses_order([503, 503, 503], early=True)
    assert remote_reply.refuses_order([250, 503, 503], early=False)
    assert remote_reply.refuses_order([554, 503], early=True)
    assert not remote_reply.refuses_order([554, 250], early=False), "a sender may be refused so"
    assert not remote_reply.refuses_order([250, 554], early=True), "a recipient may be refused so"
    assert judge_recipient(503, "", accepted_before=True, together=True).at_once
    assert judge_recipient(503, "", accepted_before=True).fate is Fate.FAILED


@pytest.mark.parametrize(
    ("parameter", "limit"),
    [("1000", 1000), ("1000 x", 1000), ("", 0), ("x", 0), ("²", 0), ("9" * 20, int("9" * 20)), ("9" * 5000, 0)],
)
def test_a_size_that_no_number_can_be_is_no_limit(parameter, limit):
    assert remote_reply.size_limit(parameter) == limit


def test_data_refused_behind_a_recipient_that_was_taken_is_about_the_order():
    assert remote_reply.refuses_order([250, 250, 554], False, 1)
    assert not remote_reply.refuses_order([250, 550], False, 1)
    assert not remote_reply.refuses_order([250, 250, 451], False, 1)


def test_the_answer_to_a_message_with_which_something_was_sent_ahead_may_be_about_that():
    assert remote_reply.may_be_about_order(judge(554, "no"), took_early=True)
    assert remote_reply.may_be_about_order(judge(451, "later"), took_early=False)
    assert not remote_reply.may_be_about_order(judge(451, "later"), took_early=True)
    assert not remote_reply.may_be_about_order(judge(250, "ok"), took_early=False)
