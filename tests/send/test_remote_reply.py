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


def test_unreachable_reads_like_exchange():
    assert remote_reply.unreachable("421 busy").text.startswith(
        '451 4.4.0 Primary target IP address responded with: "421 busy". Attempted failover'
    )
