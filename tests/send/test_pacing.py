"""What accounts may send, and when all mail has left."""

from __future__ import annotations

import pytest

from transport.config.send_connector import Provider
from transport.send.pacing import DAY, MINUTE, Quota, Spent, Window, quota, seconds_until_empty, words

M365 = quota("app@contoso.com", Provider.Microsoft365, None, None, None)


def test_an_account_has_its_own_limits_and_those_of_its_provider() -> None:
    assert Quota("app@contoso.com", 3, (Window(MINUTE, 30), Window(DAY, 10_000, True))) == M365
    own = quota("a", Provider.Microsoft365, 2, 10, None)
    assert quota("a", Provider.Microsoft365, None, None, 500).windows[-1] == Window(DAY, 500, True)
    assert own.connections == 2 and set(own.windows) == {Window(MINUTE, 10), Window(DAY, 10_000, True)}
    assert quota("a", Provider.AmazonSES, None, 60, 50_000).windows == (
        Window(MINUTE, 60, True),
        Window(DAY, 50_000, True),
    )
    assert quota("a", Provider.Other, None, None, None) == Quota("a")
    assert quota("a", Provider.Other, None, None, 500).windows == (Window(DAY, 500),)
    assert words(M365) == "30 messages a minute and 10,000 recipients a day"


@pytest.mark.parametrize(
    ("waiting", "accounts", "spent", "seconds"),
    [
        (30, 1, [], 0),
        (31, 1, [], 60),
        (1000, 1, [], 33 * 60),
        (1000, 2, [], 16 * 60),
        (30, 1, [Spent(20, 30, 30)], 40),
        (10_001, 1, [], 86_400),
        (20, 1, [Spent(3600, 10_000, 10_000)], 82_800),
    ],
)
def test_the_forecast_follows_from_the_windows(waiting: int, accounts: int, spent: list[Spent], seconds: float) -> None:
    found = seconds_until_empty(waiting, [(M365, spent)] * accounts)
    assert found is not None and seconds <= found <= seconds + 60


def test_what_nothing_holds_up_has_no_forecast() -> None:
    assert seconds_until_empty(0, [(M365, [])]) is None
    assert seconds_until_empty(10, []) is None
    assert seconds_until_empty(10, [(M365, []), (Quota("free"), [])]) is None
    assert seconds_until_empty(10**9, [(M365, [])]) is None
