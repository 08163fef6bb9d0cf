"""Own words for reports: written in the browser or the shell, read by the sender of a message that failed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.actors import Role
from console.publishing.compile import compile_snapshot
from console.system_messages.models import SystemMessage
from tests.console.builders import numbers
from tests.console.management_shell.shell import Shell
from transport.config import system_message

pytestmark = pytest.mark.django_db
NEW = {"dsn_code": "5.1.1", "language": "En", "text": "Ask <B>Anna</B>."}


def test_a_text_is_written_changed_and_removed(admin):
    page = admin.post(reverse("system_messages:new"), numbers(system_message.SystemMessage) | NEW, follow=True)
    assert r"En\External\5.1.1 is saved" in page.text
    (carried,) = compile_snapshot(0).system_messages
    assert (carried.name, carried.text, carried.internal) == (r"En\External\5.1.1", "Ask <B>Anna</B>.", False)
    row = SystemMessage.objects.get()
    edit = reverse("system_messages:edit", args=[row.pk])
    admin.post(edit, NEW | {"internal": "on", "version": "0"})
    assert SystemMessage.objects.get().name == r"En\Internal\5.1.1"
    page = admin.post(edit, NEW | {"dsn_code": "2.1.1", "language": "english", "text": "x" * 513})
    assert page.status_code == 422
    assert {"dsn_code", "text", "language"} & set(page.context["form"].errors)
    admin.post(reverse("system_messages:remove"), {"pk": row.pk})
    assert compile_snapshot(0).system_messages == ()


def test_two_texts_for_the_same_are_refused(admin):
    admin.post(reverse("system_messages:new"), NEW)
    page = admin.post(reverse("system_messages:new"), NEW)
    assert page.context["form"].errors["dsn_code"] == [r"There is a text for En\External\5.1.1 already."]


def test_who_only_views_writes_nothing(signed_in):
    viewer = signed_in(Role.VIEW_ONLY)
    assert viewer.get(reverse("system_messages:list")).status_code == 200
    assert viewer.post(reverse("system_messages:new"), NEW).status_code == 403


def test_exchanges_commands():
    shell = Shell()
    shell.run(
        "New-SystemMessage -Internal $true -Language En -DSNCode 5.1.2 -Text 'Write to <A HREF=\"mailto:a@b.c\">A</A>'"
    )
    assert shell.run(r"(Get-SystemMessage En\Internal\5.1.2).Text").startswith("Write to <A HREF=")
    shell.run(r"Set-SystemMessage En\Internal\5.1.2 -Original $true")
    assert compile_snapshot(0).system_messages[0].original
    shell.run(r"Set-SystemMessage En\Internal\5.1.2 -Original $false -Text Short")
    assert compile_snapshot(0).system_messages[0].text == "Short"
    shell.run(r"Remove-SystemMessage En\Internal\5.1.2 -Confirm:$false")
    assert not SystemMessage.objects.exists()


def test_the_usual_words_can_be_read_before_own_ones_are_written():
    shell = Shell()
    shell.run("New-SystemMessage -Internal $true -DSNCode 5.1.1 -Text 'Ask Anna'")
    assert r"En\Internal\5.1.1" in (listed := shell.run("Get-SystemMessage -Original"))
    assert r"En\External\5.2.2" in listed
    assert "Ask Anna" not in listed
    said = shell.run(r"(Get-SystemMessage -Original | Where-Object DsnCode -eq 5.2.2).Text")
    assert said.splitlines() == ["The recipient's mailbox is full."] * 2
    assert "leave -Identity out" in str(shell.refused(r"Get-SystemMessage En\Internal\5.1.1 -Original"))
