"""An administrator in Berlin reads, filters and enters times of Berlin, wherever the browser runs; and chooses how many
rows a page has, the theme, and the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from console.accounts.models import Preferences
from console.actors import Role
from console.protection.models import IPListEntry
from console.tracking.models import Session

PAGE = reverse("accounts:preferences")
MORNING = datetime(2026, 7, 1, 5, 40, tzinfo=UTC)


def session(number: int = 1, started: datetime = MORNING) -> Session:
    facts = {"transport": "node", "connector": "NODE\\Office", "local_endpoint": "10.0.0.1:25", "remote_port": 4000}
    return Session.objects.create(
        session_id=f"{number:016X}", remote_address="192.0.2.1", started_at=started, ended_at=started, **facts
    )


def chosen(client: Client, **values: str) -> None:
    told = client.post(PAGE, {"time_zone": "", "page_size": "", "theme": "", "language": ""} | values, follow=True)
    assert "Your preferences are saved." in told.text


def speak_german(client: Client) -> None:
    told = client.post(PAGE, {"time_zone": "", "page_size": "", "theme": "", "language": "de"}, follow=True)
    assert "Die persönlichen Einstellungen sind gespeichert." in told.text


def test_a_zone_that_was_chosen_is_that_of_every_page(admin: Client) -> None:
    session()
    chosen(admin, time_zone="Europe/Berlin")
    shown = admin.get(reverse("tracking:list"))
    assert ">2026-07-01 07:40:00</time>" in shown.text
    assert 'data-zone="Europe/Berlin"' in shown.text
    found = reverse("tracking:list") + "?since=2026-07-01T07:30&until=2026-07-01T07:45"
    assert "0000000000000001" in admin.get(found).text
    missed = reverse("tracking:list") + "?since=2026-07-01T05:30&until=2026-07-01T05:45"
    assert "0000000000000001" not in admin.get(missed).text


def test_without_one_it_is_the_browsers(admin: Client) -> None:
    session()
    assert ">2026-07-01 05:40:00 UTC</time>" in admin.get(reverse("tracking:list")).text
    admin.cookies["zone"] = "America%2FNew_York"
    assert ">2026-07-01 01:40:00</time>" in admin.get(reverse("tracking:list")).text
    admin.cookies["zone"] = "../../etc/passwd"
    assert ">2026-07-01 05:40:00 UTC</time>" in admin.get(reverse("tracking:list")).text


def test_when_an_entry_of_a_list_expires_is_entered_in_it(admin: Client) -> None:
    chosen(admin, time_zone="Europe/Berlin")
    data = {"entries": "192.0.2.7", "comment": "", "expiration_time": "2030-07-01T17:00"}
    admin.post(reverse("protection:block-new"), data)
    entry = IPListEntry.objects.get()
    assert entry.expiration_time == datetime(2030, 7, 1, 15, tzinfo=UTC).timestamp()
    form = admin.get(reverse("protection:block-edit", args=[entry.pk])).text
    assert 'value="2030-07-01T17:00"' in form
    assert "Time zone: Europe/Berlin." in form


def test_a_download_stays_in_utc(admin: Client) -> None:
    session()
    chosen(admin, time_zone="Europe/Berlin")
    link = reverse("tracking:list-file") + "?since=2026-07-01T07:30"
    told = b"".join(admin.get(link).streaming_content)  # type: ignore[arg-type]
    assert b"Start" in told or b"#Software" in told


def test_a_page_has_as_many_rows_as_one_likes(admin: Client) -> None:
    for number in range(30):
        session(number)
    chosen(admin, page_size="25")
    shown = admin.get(reverse("tracking:list")).text
    assert shown.count("data-row") == 25


def test_a_theme_goes_with_the_person(admin: Client, signed_in: Callable[..., Client]) -> None:
    admin.post(reverse("accounts:theme"), {"theme": "light"})
    assert not Preferences.objects.filter(theme="light").exists()
    chosen(admin, theme="dark")
    admin.cookies["theme"] = "light"
    assert 'data-theme="dark"' in admin.get(PAGE).text
    admin.post(reverse("accounts:theme"), {"theme": "light"})
    assert 'data-theme="light"' in admin.get(PAGE).text
    assert 'data-theme="auto"' in signed_in(Role.VIEW_ONLY).get(PAGE).text


def test_without_a_choice_the_language_is_the_browsers_also_where_one_signs_in(admin: Client) -> None:
    for client, page in ((admin, PAGE), (Client(), reverse("accounts:sign-in"))):
        assert '<html lang="en"' in client.get(page).text
        german = client.get(page, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
        assert '<html lang="de"' in german.text
        assert german["Content-Language"] == "de" and "Accept-Language" in german["Vary"]
        assert '<html lang="en"' in client.get(page, headers={"Accept-Language": "fr, tlh;q=0.5"}).text


def test_a_language_that_was_chosen_goes_with_the_person(admin: Client, signed_in: Callable[..., Client]) -> None:
    speak_german(admin)
    shown = admin.get(PAGE, headers={"Accept-Language": "en"})
    assert '<html lang="de"' in shown.text and shown["Content-Language"] == "de"
    assert '<html lang="en"' in signed_in(Role.VIEW_ONLY).get(PAGE).text


def test_what_scripts_read_stays_english(admin: Client) -> None:
    admin.post(reverse("protection:block-new"), {"entries": "192.0.2.7", "comment": "", "expiration_time": ""})
    table, shell = reverse("protection:block-list") + "rows.csv", reverse("management_shell:shell")
    script = "Get-Help Set-ReceiveConnector\ntry { Remove-ReceiveConnector Office } catch { $_ }"

    def read() -> tuple[bytes, list[str]]:
        told = b"".join(admin.get(table).streaming_content)  # type: ignore[arg-type]
        answer = admin.post(shell, {"script": script, "columns": "110"}, headers={"HX-Request": "true"})
        return told, re.findall(r"<pre class=.shell-output.*?</pre>", answer.text, re.DOTALL)

    english = read()
    assert "couldn&#x27;t be performed" in "".join(english[1])
    speak_german(admin)
    assert '<html lang="de"' in admin.get(PAGE).text
    assert read() == english


def test_nonsense_is_refused_in_words(admin: Client) -> None:
    refused = admin.post(PAGE, {"time_zone": "Mars/Olympus", "page_size": "7", "theme": "pink", "language": "tlh"})
    assert refused.status_code == 422
    assert not Preferences.objects.exists()


def test_a_view_only_administrator_has_preferences_and_they_go_with_the_account(
    signed_in: Callable[..., Client],
) -> None:
    chosen(signed_in(Role.VIEW_ONLY), time_zone="Asia/Tokyo")
    User.objects.all().delete()
    assert not Preferences.objects.exists()
