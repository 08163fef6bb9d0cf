"""Backups in the console: the schedule, what a worker makes of it, restored mail, and what needs attention."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from console.actors import SYSTEM, Role
from console.audit.models import Entry
from console.backups import actions, due, queries, scheduled
from console.backups.models import Restored, Run, Schedule
from console.backups.s3 import NoBucket
from console.backups.taking import Source
from console.overview import copy_rules
from console.queues.models import RESTORED, QueuedRecipient, Status
from tests.console.management_shell.waiting_mail import message

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
PAGE = "/administration/backups/"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def plan(place: object, **changes: object) -> Schedule:
    wanted = Schedule(place=str(place), at=time(2, 30), kept=2, kept_days=30, **changes)
    actions.save_schedule(SYSTEM, wanted)
    return queries.schedule()


def run(**changes: object) -> Run:
    facts = {"begun_at": NOW, "ended_at": NOW, "node": "n", "place": "/b", "name": "b", "octets": 7, "is_there": True}
    return Run.objects.create(**(facts | changes))


def concerns() -> list[str]:
    return [each.text for each in (*copy_rules.restored_mail(), *copy_rules.backups())]


@pytest.mark.parametrize(
    ("at", "since", "is_due"),
    [
        (None, 99, False),
        (time(2, 30), 1, True),
        (time(2, 30), 0.4, False),
        (time(4, 0), 1, False),
        (time(4, 0), 24, True),
    ],
)
def test_a_backup_is_due_once_a_day(at: time | None, since: float, is_due: bool) -> None:
    now = datetime(2026, 5, 5, 3, 0, tzinfo=UTC)
    assert due.is_due(now, at, now - timedelta(hours=since)) is is_due


def test_a_clock_that_was_wrong_once_does_not_end_all_backups() -> None:
    """What was begun or changed in a year to come counts for nothing; a minute ahead is another machine's clock."""
    now = datetime(2026, 5, 5, 3, 0, tzinfo=UTC)
    ahead, soon, before = now + timedelta(days=999), now + timedelta(minutes=1), now - timedelta(days=3)
    assert due.is_due(now, time(2, 30), ahead, ahead)
    assert not due.is_due(now, time(2, 30), before, soon)


def test_old_backups_go_but_never_the_newest() -> None:
    there = [due.Kept(NOW - timedelta(days=days)) for days in (40, 41, 42)]
    assert due.to_delete(there, NOW, kept=9, days=30) == [1, 2]
    assert due.to_delete(there, NOW, kept=1, days=99) == [1, 2]
    assert due.to_delete(there, NOW, kept=9, days=99) == []


def test_a_clock_that_jumps_ahead_leaves_half_of_them_until_it_is_noticed() -> None:
    """Whatever is older than it may be goes within days all the same."""
    there = [due.Kept(NOW - timedelta(days=days)) for days in range(20)]
    gone = due.to_delete(there, NOW + timedelta(days=999), kept=99, days=30)
    assert gone == list(range(10, 20))
    while old := due.to_delete(there, NOW + timedelta(days=999), kept=99, days=30):
        there = [each for number, each in enumerate(there) if number not in old]
    assert len(there) == 1


def test_the_last_one_that_can_be_restored_stays_whatever_came_since() -> None:
    begun = [NOW - timedelta(days=days) for days in (1, 2, 40, 41)]
    there = [due.Kept(at, is_whole=whole) for at, whole in zip(begun, (False, None, True, True), strict=True)]
    assert due.to_delete(there, NOW, kept=1, days=30) == [1, 3]


def test_where_backups_went_before_they_go_by_age_alone() -> None:
    there = [due.Kept(NOW - timedelta(days=days), is_here=days < 2) for days in (0, 1, 2, 40)]
    assert due.to_delete(there, NOW, kept=1, days=30) == [1, 3]


def test_a_worker_makes_the_backup_that_somebody_asks_for(admin, place, home, settings, transactional_db, monkeypatch):
    """It is made, checked, and the third one goes; what lies there besides stays."""
    monkeypatch.setattr(scheduled.restoring, "check", lambda backup: backup.manifest)
    source = Source(home, settings.DATABASE_URL, settings.GATEPOST_SECRET_KEY, "n")
    plan(place)
    (place / "somebody's.txt").touch()
    for number in range(3):
        assert admin.post(f"{PAGE}now").status_code == 302
        begun = actions.begin("n", NOW + timedelta(minutes=number))
        assert begun and actions.begin("n", NOW) is None, "one at a time"
        scheduled.make(source, begun)
    made = [each for each in queries.runs() if each.is_there]
    assert [each.outcome[0] for each in queries.runs()] == ["Complete", "Complete", "Deleted"]
    assert all(each.is_whole for each in made)
    assert sorted(each.name for each in place.iterdir()) == sorted(["somebody's.txt", *(each.name for each in made)])
    assert admin.post(f"{PAGE}{made[0].pk}/check").status_code == 302
    (place / made[0].name).write_bytes(b"damaged")
    asked = actions.begin_check("n")
    scheduled.check(source, asked)
    page = admin.get(PAGE).content.decode()
    assert "Cannot be restored" in page and "This is no backup" in page and "Can be restored" in page


def test_a_backup_that_cannot_be_written_says_why(place, home, settings, transactional_db):
    source = Source(home, settings.DATABASE_URL, settings.GATEPOST_SECRET_KEY, "n")
    plan(place / "gone", wanted=True)
    actions.want_run(SYSTEM)
    scheduled.make(source, actions.begin("n", NOW))
    assert queries.runs()[0].words == f"{place}/gone: There is no such directory"
    assert concerns() == [f"The last backup failed: {place}/gone: There is no such directory"]


def test_the_page_says_what_stays_and_what_to_type_where_the_package_runs_it(admin, place, settings):
    """There is no .venv of a checkout in a package."""
    settings.BASE_DIR = Path("/usr/lib/gatepost")
    plan(place)
    Schedule.objects.update(kept=1)
    run()
    page = admin.get(PAGE).content.decode()
    assert "Only the newest is kept." in page and "took less than a minute" in page
    assert "sudo gatepost restore --replace FILE --key-file secret.key" in page and ".venv" not in page


def test_whatever_a_bucket_says_of_a_failure_is_written_down(place, home, settings, transactional_db, monkeypatch):
    """A NUL is nothing that PostgreSQL keeps: nobody would hear why."""
    source = Source(home, settings.DATABASE_URL, settings.GATEPOST_SECRET_KEY, "n")
    plan(place, wanted=True)
    actions.want_run(SYSTEM)
    told = NoBucket("s3.test answers 403 Denied\0 \x1b[2Jby rule")
    monkeypatch.setattr(scheduled, "take", lambda *_: (_ for _ in ()).throw(told))
    scheduled.make(source, actions.begin("n", NOW))
    assert queries.runs()[0].words == "s3.test answers 403 Denied? ?[2Jby rule"


def test_a_secret_that_opens_no_more_is_said_of_the_backup(place, home, settings, transactional_db):
    source = Source(home, settings.DATABASE_URL, settings.GATEPOST_SECRET_KEY, "n")
    plan("https://s3.example.com/bucket", encrypted="of another key")
    actions.want_run(SYSTEM)
    scheduled.make(source, actions.begin("n", NOW))
    made = queries.runs()[0]
    assert made.failed and "secret key of the bucket cannot be decrypted" in made.words
    scheduled.check(source, made)
    assert queries.runs()[0].is_whole is None and "It could not be checked" in queries.runs()[0].words


def test_a_place_that_is_away_says_nothing_about_the_backup(admin, place, home, settings, transactional_db):
    """What is known of it stays; one that is not there any more cannot be restored."""
    source = Source(home, settings.DATABASE_URL, settings.GATEPOST_SECRET_KEY, "n")
    kept, damaged = (run(place="http://127.0.0.1:9/bucket") for _ in range(2))
    actions.note_check(damaged, is_whole=False, words="It is damaged.")
    scheduled.check(source, kept)
    scheduled.check(source, damaged)
    scheduled.check(source, run(place=str(place)))
    newest, damaged, first = queries.runs()
    assert (first.is_whole, first.checked_at) == (None, None)
    assert (damaged.is_whole, damaged.check_words) == (False, "It is damaged.")
    page = admin.get(PAGE).content.decode()
    assert page.count("It could not be checked: 127.0.0.1:9: ") == 2 and "It is damaged." in page
    assert newest.is_whole is False and newest.check_words == f"{place}/b: No such file or directory"


def test_a_backup_is_sought_where_it_was_put(place, home, settings, transactional_db, tmp_path, monkeypatch):
    """Though backups go elsewhere by now; and one that lies on another machine is not said to be deleted."""
    monkeypatch.setattr(scheduled.restoring, "check", lambda backup: backup.manifest)
    source = Source(home, settings.DATABASE_URL, settings.GATEPOST_SECRET_KEY, "n")
    plan(place)
    actions.want_run(SYSTEM)
    first = actions.begin("n", NOW)
    scheduled.make(source, first)
    (tmp_path / "elsewhere").mkdir()
    plan(tmp_path / "elsewhere")
    scheduled.check(source, first)
    assert Run.objects.get(pk=first.pk).is_whole
    old = NOW - timedelta(days=99)
    there, gone = (run(node=node, place=str(tmp_path / "elsewhere"), begun_at=old) for node in ("other", "n"))
    away = run(node="n", place=str(tmp_path / "unmounted"), begun_at=old)
    actions.want_run(SYSTEM)
    scheduled.make(source, actions.begin("n", NOW))
    assert Run.objects.get(pk=there.pk).is_there and not Run.objects.get(pk=gone.pk).is_there
    assert Run.objects.get(pk=away.pk).words.startswith("It could not be deleted: ")


def test_one_whose_process_was_killed_is_said_to_be_cut_short():
    run(ended_at=None, octets=None, is_there=False, begun_at=NOW - timedelta(minutes=5))
    actions.end_cut_short(scheduled.LOCK)
    assert queries.runs()[0].words == actions.CUT_SHORT


def test_only_the_machine_that_is_named_makes_it(place):
    plan(place, node="mx2")
    actions.want_run(SYSTEM)
    assert actions.begin("mx1", NOW) is None
    assert actions.begin("mx2", NOW)


def test_the_schedule_is_saved_with_its_secret_sealed_and_untold(admin):
    bucket = "https://s3.example.com/bucket/mail"
    given = {"at": "02:30", "place": bucket, "node": "", "kept": "7", "kept_days": "30", "access_key": "AKIA"}
    assert admin.post(f"{PAGE}schedule", given | {"secret": "s3cr3t-s3cr3t"}).status_code == 302
    saved = queries.schedule()
    assert saved.at == time(2, 30) and "s3cr3t" not in saved.encrypted
    assert admin.post(f"{PAGE}schedule", given | {"secret": ""}).status_code == 302
    assert queries.schedule().encrypted == saved.encrypted, "it stays"
    assert "s3cr3t" not in str([(each.before, each.after) for each in Entry.objects.all()])
    assert b"s3cr3t" not in admin.get(f"{PAGE}schedule").content
    assert concerns() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("place", "relative"), ("place", "/no/such/directory"), ("place", ""), ("place", "a\0b"), ("kept", "0"),
     ("kept_days", "9999")],
)  # fmt: skip
def test_a_schedule_that_cannot_be_kept_is_refused(admin, field, value):
    given = {"at": "02:30", "place": "https://s3.example.com/b", "node": "", "kept": "7", "kept_days": "30"}
    assert admin.post(f"{PAGE}schedule", given | {field: value}).status_code == 422
    assert not Schedule.objects.exists()


def test_a_backup_within_the_data_directory_is_refused(admin, home):
    given = {"at": "02:30", "place": str(home / "backups"), "node": "", "kept": "7", "kept_days": "30"}
    assert b"is gone with it" in admin.post(f"{PAGE}schedule", given).content


def test_who_may_not_write_sees_no_button_and_is_refused(signed_in):
    reader = signed_in(Role.VIEW_ONLY)
    made = run()
    page = reader.get(PAGE).content.decode()
    assert "Back up now" not in page and reverse("backups:check", args=[made.pk]) not in page
    for url in ("now", "1/check", "schedule"):
        assert reader.post(f"{PAGE}{url}").status_code == 403
    assert signed_in(Role.RECIPIENT_MANAGEMENT).get(PAGE).status_code == 403


def test_what_needs_attention(place):
    assert concerns() == [], "nobody who has no schedule is nagged"
    plan(place)
    assert concerns() == []
    Schedule.objects.update(changed_at=NOW - timedelta(days=3))
    assert concerns() == ["No backup was made for more than a day, though one is scheduled."]
    made = run(begun_at=NOW)
    assert concerns() == ["No backup was checked in the last 30 days: check the newest one."]
    actions.note_check(made, is_whole=True, words="")
    assert concerns() == []
    actions.note_check(made, is_whole=False, words="It is damaged.")
    assert concerns() == ["The newest backup cannot be restored: It is damaged."]


def test_restored_mail_is_shown_by_age_and_released_or_dropped(admin):
    """The pages of the queue do it; the list shows what is meant."""
    Restored.objects.create(taken_at=NOW - timedelta(hours=3), node="mx1", held=2)
    for hours in (30, 2):
        message(f"u{hours}@far.test", accepted_at=NOW - timedelta(hours=hours))
    QueuedRecipient.objects.update(status=Status.SUSPENDED, held_for=RESTORED)
    assert concerns() == ["2 recipients waited when the backup was taken and are held: release or drop them."]
    page = admin.get(PAGE).content.decode()
    assert "2 recipients were waiting then and are held" in page
    asked = {"verb": "remove-without-ndr", "all": "messages", "status": "Restored", "older": "24"}
    assert b"u30@far.test" in admin.get(reverse("queues:ask"), asked).content
    assert admin.post(reverse("queues:ask"), asked | {"count": "1"}).status_code == 302
    assert QueuedRecipient.objects.get(address="u30@far.test").status == Status.REMOVED
    assert admin.post(reverse("queues:ask"), asked | {"verb": "resume", "older": "", "count": "1"}).status_code == 302
    assert QueuedRecipient.objects.get(address="u2@far.test").status == Status.READY
    assert concerns() == []
