from tests.send.parcels import parcel
from transport.send import remote_reply
from transport.send.parcel import MOST_RECIPIENTS, alike, instead, put_off_by, split
from transport.send.remote_reply import Fate, Verdict, judge

TAKEN = judge(250, "2.1.5 ok")


def test_no_transaction_carries_more_recipients_than_every_server_takes() -> None:
    addresses = [f"{number}@far.test" for number in range(2 * MOST_RECIPIENTS + 1)]
    parts = list(split(parcel(*addresses)))
    assert [len(part.recipients) for part in parts] == [MOST_RECIPIENTS, MOST_RECIPIENTS, 1]
    assert [address for part in parts for address in part.recipients.values()] == addresses
    small = parcel()
    assert list(split(small)) == [small]


def test_the_answer_to_the_message_is_for_those_whom_the_host_had_taken() -> None:
    refused, final = judge(550, "no such user"), judge(554, "5.7.1 spam")
    assert instead({1: TAKEN, 2: refused}, final) == {1: final, 2: refused}


def test_another_host_is_asked_only_about_what_this_one_puts_off() -> None:
    later = judge(451, "4.7.1 greylisted")
    again = Verdict(Fate.RETRY, "452 too many", "4.5.3", at_once=True)
    assert put_off_by({1: TAKEN, 2: later, 3: again, 4: judge(550, "no")}) == {2: later}


def test_one_verdict_for_all() -> None:
    verdict = remote_reply.postponed("4.4.2", "gone")
    assert alike(parcel("a@x.test", "b@x.test"), verdict) == {1: verdict, 2: verdict}


def test_an_address_outside_ascii_is_seen_wherever_it_stands() -> None:
    assert parcel().has_ascii_envelope
    assert not parcel("bob@far.test", "zoë@far.test").has_ascii_envelope
    assert not parcel(sender="zoë@x.test").has_ascii_envelope
