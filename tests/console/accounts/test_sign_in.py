from __future__ import annotations

from itertools import count

import pytest
from django.contrib.auth.models import User
from django.test import Client

from console.accounts import actions
from console.accounts.rate_limit import ATTEMPTS_PER_NAME, ATTEMPTS_PER_SOURCE, WINDOW, ProcessCounts

PASSWORD = "correct horse battery"
SIGN_IN = "/account/sign-in"
addresses = count(1)


@pytest.fixture
def first_admin(db: None) -> User:
    user = actions.first_start(PASSWORD)
    assert user
    return user


@pytest.fixture
def name(first_admin: User) -> str:
    """A user name of this test alone, so that earlier tests' attempts do not count."""
    number = next(addresses)
    first_admin.username = f"admin{number}"
    first_admin.save()
    return first_admin.username


def address() -> str:
    number = next(addresses)
    return f"192.0.2.{number % 256}"


def try_to_sign_in(client: Client, name: str, password: str, source: str, **extra: str):
    return client.post(SIGN_IN, {"username": name, "password": password, **extra}, REMOTE_ADDR=source)


def test_the_first_administrator_signs_in_and_out(client: Client, name: str) -> None:
    assert client.get("/").url == f"{SIGN_IN}?next=/"
    answer = try_to_sign_in(client, name, PASSWORD, address(), next="/administration/admin-roles/")
    assert answer.url == "/administration/admin-roles/"
    assert client.get("/").status_code == 200
    assert client.post("/account/sign-out").url == SIGN_IN
    assert client.get("/").status_code == 302


def test_first_start_makes_nobody_when_somebody_is_there(first_admin: User) -> None:
    assert actions.first_start("another password") is None
    assert User.objects.get().check_password(PASSWORD)


def test_a_wrong_password_is_refused_in_words(client: Client, name: str) -> None:
    answer = try_to_sign_in(client, name, "wrong", address())
    assert answer.status_code == 422
    assert "do not belong together" in answer.text


def test_the_way_back_never_leads_elsewhere(client: Client, name: str) -> None:
    assert try_to_sign_in(client, name, PASSWORD, address(), next="https://evil.example/").url == "/"


def test_guessing_one_name_from_many_addresses_has_to_wait(name: str, servers) -> None:
    for _ in range(ATTEMPTS_PER_NAME):
        assert try_to_sign_in(Client(), name, "wrong", address()).status_code == 422
    answer = try_to_sign_in(Client(), name, PASSWORD, address())
    assert answer.status_code == 429
    assert "Try again in 5 minutes" in answer.text


def test_guessing_many_names_from_one_address_has_to_wait(name: str) -> None:
    source = address()
    for number in range(ATTEMPTS_PER_SOURCE):
        assert try_to_sign_in(Client(), f"{name}-{number}", "wrong", source).status_code == 422
    assert try_to_sign_in(Client(), name, PASSWORD, source).status_code == 429
    assert try_to_sign_in(Client(), name, PASSWORD, address()).status_code == 302


def test_strangers_cannot_keep_out_a_browser_that_signed_in_before(client: Client, name: str) -> None:
    source = address()
    try_to_sign_in(client, name, PASSWORD, source)
    client.post("/account/sign-out")
    for _ in range(ATTEMPTS_PER_NAME + 1):
        last = try_to_sign_in(Client(), name, "wrong", address())
    assert last.status_code == 429
    assert try_to_sign_in(client, name, PASSWORD, source).status_code == 302


def test_strangers_behind_the_same_address_cannot_keep_out_a_browser_that_signed_in_before(name: str) -> None:
    """One address translation or proxy, or one /64 of IPv6, stands in front of a whole office."""
    known, source = Client(), address()
    assert try_to_sign_in(known, name, PASSWORD, source).status_code == 302
    known.post("/account/sign-out")
    for number in range(ATTEMPTS_PER_SOURCE + 5):
        last = try_to_sign_in(Client(), f"{name}-{number}", "wrong", source)
    assert last.status_code == 429
    assert try_to_sign_in(known, name, "wrong", source).status_code == 422
    assert try_to_sign_in(known, name, PASSWORD, source).status_code == 302
    known.post("/account/sign-out")
    assert try_to_sign_in(Client(), f"{name}-x", "wrong", source).status_code == 429
    assert try_to_sign_in(known, f"{name}-x", "wrong", source).status_code == 429


def test_a_client_has_one_count_however_many_addresses_of_its_network_it_uses(name: str) -> None:
    network = next(addresses)
    for number in range(ATTEMPTS_PER_SOURCE):
        source = f"2001:db8:0:{network:x}::{number + 1:x}"
        assert try_to_sign_in(Client(), f"{name}-{number}", "wrong", source).status_code == 422
    assert try_to_sign_in(Client(), name, PASSWORD, f"2001:db8:0:{network:x}:ffff::1").status_code == 429
    assert try_to_sign_in(Client(), name, PASSWORD, f"2001:db8:1:{network:x}::1").status_code == 302


def test_a_known_browser_has_to_wait_too_after_many_wrong_passwords(client: Client, name: str) -> None:
    try_to_sign_in(client, name, PASSWORD, address())
    client.post("/account/sign-out")
    for _ in range(ATTEMPTS_PER_NAME):
        try_to_sign_in(client, name, "wrong", address())
    assert try_to_sign_in(client, name, PASSWORD, address()).status_code == 429


def test_a_good_sign_in_starts_the_count_anew(name: str) -> None:
    source = address()
    for _ in range(3):
        for _ in range(ATTEMPTS_PER_NAME - 1):
            try_to_sign_in(Client(), name, "wrong", source)
        assert try_to_sign_in(Client(), name, PASSWORD, source).status_code == 302


def test_attempts_are_counted_while_redis_is_away(name: str, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(ATTEMPTS_PER_NAME):
        assert try_to_sign_in(Client(), name, "wrong", address()).status_code == 422
    assert try_to_sign_in(Client(), name, PASSWORD, address()).status_code == 429


def test_waiting_ends_although_somebody_goes_on_trying() -> None:
    now = [0.0]
    counts = ProcessCounts(lambda: now[0])
    while now[0] < WINDOW:
        assert counts.add("key")[1] == WINDOW - now[0]
        now[0] += 1
    assert counts.add("key") == (1, WINDOW)


def test_redis_lets_go_of_a_count_by_itself(servers) -> None:
    from console.accounts.rate_limit import RedisCounts

    counts = RedisCounts(servers.redis_url)
    key = f"gatepost:test:{next(addresses)}"
    assert counts.add(key)[0] == 1
    counts.client.expire(key, 10)
    number, left = counts.add(key)
    assert number == 2
    assert 0 < left <= 10


def test_a_disabled_user_is_out_at_once(client: Client, name: str) -> None:
    try_to_sign_in(client, name, PASSWORD, address())
    User.objects.update(is_active=False)
    assert client.get("/").status_code == 302
    assert try_to_sign_in(client, name, PASSWORD, address()).status_code == 422


def test_changing_the_password_signs_other_browsers_out(name: str) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        try_to_sign_in(browser, name, PASSWORD, address())
    new = "another long password"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/account/password", form).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert User.objects.get().check_password(new)


def test_a_weak_password_is_refused_at_its_field(client: Client, name: str) -> None:
    try_to_sign_in(client, name, PASSWORD, address())
    form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    answer = client.post("/account/password", form)
    assert answer.status_code == 422
    assert "new_password2" in answer.context["form"].errors


def test_a_fragment_after_the_session_ended_reloads_the_page(client: Client, db: None) -> None:
    answer = client.get("/revision-state", headers={"HX-Request": "true"}, follow=True)
    assert answer.headers["HX-Refresh"] == "true"


def test_the_theme_is_kept_without_javascript(client: Client, db: None) -> None:
    assert client.post("/account/theme", {"theme": "dark", "next": SIGN_IN}).url == SIGN_IN
    assert 'data-theme="dark"' in client.get(SIGN_IN).text
    for elsewhere in ("//evil.example", "nowhere", "-1", "\0", "https://evil.example/"):
        assert client.post("/account/theme", {"theme": "evil", "next": elsewhere}).url == "/"


def test_all_addresses_of_an_ipv6_network_share_their_attempts(client: Client, name: str) -> None:
    network = f"2001:db8:0:{next(addresses):x}:"
    for number in range(ATTEMPTS_PER_SOURCE):
        assert try_to_sign_in(client, f"x{next(addresses)}", "wrong", f"{network}{number:x}::1").status_code == 422
    assert try_to_sign_in(client, f"x{next(addresses)}", "wrong", f"{network}:ffff").status_code == 429
    other = f"2001:db8:1:{next(addresses):x}::1"
    assert try_to_sign_in(client, f"x{next(addresses)}", "wrong", other).status_code == 422
