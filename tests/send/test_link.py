"""A link comes up for mail, and goes down without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from transport.send import link as links
from transport.send.link import Act, Link, Spec, State

SPEC = Spec(up=("/bin/up",), down=("/bin/down",), check=("/bin/check",), hold=60, idle=300)
DOWN = Link()


def test_mail_brings_it_up_and_it_goes_down_when_none_was_sent_for_a_while() -> None:
    coming, act = links.wanted(DOWN, 1000.0)
    assert (coming.state, act) == (State.COMING_UP, Act.BRING_UP)
    up = links.ended(coming, Act.BRING_UP, "", 1010.0)
    assert links.wanted(up, 1100.0) == (replace(up, used_at=1100.0), None)
    assert links.tended(up, SPEC, 1309.0, busy=False) == (up, Act.CHECK)
    draining, act = links.tended(up, SPEC, 1310.0, busy=False)
    assert (draining.state, act) == (State.DRAINING, Act.TAKE_DOWN)
    assert links.ended(draining, Act.TAKE_DOWN, "", 1312.0).state is State.DOWN


def test_it_stays_up_while_mail_is_on_its_way_and_as_long_as_it_must() -> None:
    up = Link(State.UP, 1000.0, 1000.0)
    assert links.tended(up, SPEC, 5000.0, busy=True)[0].state is State.UP
    assert links.tended(up, replace(SPEC, hold=9000), 5000.0, busy=False)[0].state is State.UP
    assert links.tended(up, replace(SPEC, down=()), 5000.0, busy=False) == (up, Act.CHECK)


def test_one_that_does_not_come_up_is_tried_less_and_less_often() -> None:
    link, waits = DOWN, []
    for _ in range(7):
        link = links.ended(links.wanted(link, link.next_try)[0], Act.BRING_UP, "No carrier", 0.0)
        waits.append(link.next_try)
    assert waits == [30, 60, 120, 240, 480, 900, 900] and link.words == "No carrier"
    assert links.wanted(link, 899.0) == (link, None)


def test_where_somebody_died_at_work_the_next_one_goes_on() -> None:
    assert links.tended(Link(State.COMING_UP, 5.0), SPEC, 9.0, busy=False)[1] is Act.BRING_UP
    assert links.tended(Link(State.DRAINING, 5.0), SPEC, 9.0, busy=False)[1] is Act.TAKE_DOWN
    assert links.wanted(Link(State.DRAINING, 5.0), 9.0)[1] is Act.BRING_UP


@pytest.mark.parametrize(
    "wrong", [{"up": ()}, {"up": ("nmcli",)}, {"check": ("ping",)}, {"timeout": 0}, {"idle": 0}, {"hold": -1}]
)
def test_a_link_that_cannot_be_meant_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"path|timeout"):
        Spec(**{"up": ("/bin/up",), **wrong})


STEPS = st.lists(
    st.tuples(st.sampled_from(["wanted", "tended", "busy", "good", "bad", "up", "down", "died"]), st.floats(0, 1000)),
    max_size=40,
)


@given(STEPS)
def test_it_is_never_at_work_for_nothing_and_a_script_has_the_last_word(steps) -> None:
    link, act, now = DOWN, None, 1000.0
    for what, later in steps:
        now += later
        if what in ("good", "bad") and act is not None:
            link, act = links.ended(link, act, "" if what == "good" else "Failed", now), None
        elif what in ("up", "down"):
            link = links.told(link, what == "up", now)
            assert link.state is (State.UP if what == "up" else State.DOWN)
        elif what == "died":
            act = None
        elif act is None:
            if what == "wanted":
                link, act = links.wanted(link, now)
                assert link.state is not State.DRAINING
            else:
                link, act = links.tended(link, SPEC, now, busy=what == "busy")
                assert not (what == "busy" and act is Act.TAKE_DOWN and link.state is State.UP)
        assert link.since <= now and link.used_at <= now
