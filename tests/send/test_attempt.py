"""The end of a connection is no verdict: what is asked next, how fast, and that it comes to an end."""

from itertools import product

import msgspec
import pytest

from transport.send.attempt import End, Next, Pace, after

FLAGS = [field for field in End.__struct_fields__ if field != "pace"]
EVERY = [
    End(pace, **dict(zip(FLAGS, values, strict=True)))
    for pace in Pace
    for values in product((False, True), repeat=len(FLAGS))
]


@pytest.mark.parametrize(
    ("end", "step", "pace"),
    [
        (End(Pace.AHEAD, answered=True, early=True, order=True), Next.AGAIN, Pace.GROUPED),
        (End(Pace.AHEAD, answered=True, early=True, hung_up=True), Next.AGAIN, Pace.GROUPED),
        (End(Pace.AHEAD, answered=True, early=True, took_early=True), Next.AGAIN, Pace.AHEAD),
        (End(Pace.AHEAD, heard=True, order=True), Next.AGAIN, Pace.SINGLE),
        (End(Pace.GROUPED, hung_up=True), Next.AGAIN, Pace.SINGLE),
        (End(Pace.SINGLE, hung_up=True), Next.ELSEWHERE, Pace.SINGLE),
        (End(Pace.AHEAD), Next.ELSEWHERE, Pace.AHEAD),
        (End(Pace.AHEAD, heard=True), Next.WITHOUT, Pace.AHEAD),
        (End(Pace.AHEAD, heard=True, struck=True), Next.ELSEWHERE, Pace.AHEAD),
        (End(Pace.SINGLE, answered=True), Next.AGAIN, Pace.SINGLE),
    ],
)
def test_what_follows_the_end_of_a_connection(end, step, pace):
    assert after(end) == (step, pace)


def test_a_host_is_asked_again_only_after_an_answer_or_more_slowly():
    """Early commands exist at the fastest pace only, and what is not sent together cannot be out of order."""
    for end in EVERY:
        if (end.early and end.pace is not Pace.AHEAD) or (end.order and end.pace is Pace.SINGLE):
            continue
        step, pace = after(end)
        assert pace <= end.pace, end
        assert step is not Next.AGAIN or end.answered or pace < end.pace, end


@pytest.mark.parametrize("pace", Pace)
def test_every_host_comes_to_an_end(pace):
    """A host that answers nothing is left after as many connections as there are paces, and two messages."""
    steps = 0
    end = End(pace, hung_up=True)
    while (found := after(end))[0] is not Next.ELSEWHERE:
        steps += 1
        end = msgspec.structs.replace(end, pace=found[1], heard=True, struck=found[0] is Next.WITHOUT)
        assert steps <= 4
