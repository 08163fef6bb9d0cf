from hypothesis import given
from hypothesis import strategies as st

from transport.config.transport_limits import TransportLimits
from transport.send import retry


def test_a_dead_host_is_tried_every_minute_then_every_five_then_every_ten():
    waits = [retry.connection_wait(TransportLimits(), failures) for failures in range(1, 13)]
    assert waits == [60] * 4 + [300] * 6 + [600] * 2


def test_a_deferred_message_waits_for_the_message_retry_interval():
    assert TransportLimits().message_retry_interval == 900


def test_senders_hear_of_a_delay_after_four_hours_and_mail_expires_after_two_days():
    assert retry.first_notice(TransportLimits(), 1000.0) == 1000.0 + 4 * 3600
    assert retry.expiry(TransportLimits(), 1000.0) == 1000.0 + 2 * 86400


def test_no_delay_is_reported_of_mail_that_expires_before():
    limits = TransportLimits(message_expiration_timeout=60)
    assert retry.first_notice(limits, 0.0) == retry.expiry(limits, 0.0) == 60


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_a_host_that_stays_dead_is_not_tried_more_often(one, other):
    early, late = sorted((one, other))
    assert retry.connection_wait(TransportLimits(), early) <= retry.connection_wait(TransportLimits(), late)
