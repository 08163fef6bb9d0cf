"""The management shell on its page, without JavaScript and as htmx asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions, models
from console.management_shell import page
from console.management_shell.models import HistoryLine
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, RELAY, receive_connector

pytestmark = pytest.mark.django_db
URL = "/administration/management-shell/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def office() -> None:
    actions.create(ADMIN, receive_connector("Office"))


def run(client: Client, script: str, **more: str) -> str:
    """The answer of htmx to a script, as text."""
    response = client.post(URL, {"script": script} | more, headers=HTMX)
    assert response.status_code == 200
    return unescape(response.content.decode())


def answers(html: str) -> str:
    found = re.search(r'name="answers" value="([^"]+)"', html)
    assert found, html
    return found[1]


def banner() -> str | None:
    return models.ReceiveConnector.objects.get(name="Office").banner


def test_a_command_runs_as_the_one_who_is_signed_in(admin: Client) -> None:
    html = run(admin, "Set-ReceiveConnector Office –Banner “220 Mail Server”\r\nGet-ReceiveConnector | fl Name,Banner")
    assert "Name   : Office\nBanner : 220 Mail Server" in html
    assert banner() == "220 Mail Server"
    assert Entry.objects.latest("pk").actor == "organization_management"


def test_without_javascript_the_whole_page_comes_with_the_output_in_it(admin: Client) -> None:
    html = admin.post(URL, {"script": "Get-ReceiveConnector | ft Name"}).content.decode()
    assert "<h1>Management shell</h1>" in html and "Office" in html
    html = unescape(admin.post(URL, {"script": "Get-Nonsense 1"}).content.decode())
    assert "is not recognized" in html and ">Get-Nonsense 1</textarea>" in html, "what failed stays to be mended"
    assert (
        admin.get(URL + "?script=Get-ReceiveConnector").content.decode().count(">Get-ReceiveConnector</textarea>") == 1
    )
    assert admin.post(URL, {"script": " "}).status_code == 302


def test_an_error_has_its_place_and_undoes_its_own_statement_only(admin: Client) -> None:
    actions.create(ADMIN, receive_connector("Two", bindings=["10.2.3.4:26"]))
    before = ConfigRevision.objects.count()
    script = (
        "Set-ReceiveConnector Office -Banner '220 one'\n"
        "'Two','Nonsense' | Get-ReceiveConnector | Set-ReceiveConnector -Banner '220 two'\n"
        "Remove-ReceiveConnector Office -Confirm:$false"
    )
    html = run(admin, script)
    assert "At line:2 char:" in html and "'Nonsense' couldn't be found" in html and "data-failed" in html
    assert banner() == "220 one"
    assert models.ReceiveConnector.objects.get(name="Two").banner != "220 two"
    assert ConfigRevision.objects.count() == before + 1


def test_who_may_only_look_may_only_look(signed_in: Callable[..., Client]) -> None:
    reader = signed_in(Role.VIEW_ONLY)
    assert "Office" in run(reader, "Get-ReceiveConnector")
    assert "needs the role" in run(reader, "Set-ReceiveConnector Office -Banner '220 x'")
    assert banner() != "220 x"
    assert signed_in().get(URL).status_code == 403
    assert Client().get(URL).status_code == 302


def test_output_is_text_whatever_stands_in_it(admin: Client) -> None:
    response = admin.post(URL, {"script": "'<script>alert(1)</script>'; Write-Warning '<b>'"}, headers=HTMX)
    html = response.content.decode()
    assert "<script>" not in html and "&lt;script&gt;" in html and "WARNING: &lt;b&gt;" in html


def test_a_confirmation_is_a_second_step_and_nothing_is_done_before(admin: Client) -> None:
    script = "Set-ReceiveConnector Office -Banner '220 x'; Remove-ReceiveConnector Office"
    html = run(admin, script)
    assert "Nothing of this script is done before you have answered" in html and "220 x" not in (banner() or "")
    refused = run(admin, script, answers=answers(html), answer="no")
    assert "shell-question" not in refused and banner() == "220 x"
    run(admin, script, answers=answers(html), answer="yes")
    assert not models.ReceiveConnector.objects.exists()


def test_each_question_is_asked_unless_all_are_answered_at_once(admin: Client) -> None:
    actions.create(ADMIN, receive_connector("Two", bindings=["10.2.3.4:26"]))
    script = "Get-ReceiveConnector | Remove-ReceiveConnector"
    first = run(admin, script)
    second = run(admin, script, answers=answers(first), answer="yes")
    assert "shell-question" in second and models.ReceiveConnector.objects.count() == 2
    run(admin, script, answers=answers(second), answer="no")
    assert models.ReceiveConnector.objects.count() == 1
    run(admin, script, answers=answers(run(admin, script)), answer="all")
    assert models.ReceiveConnector.objects.count() == 0


def test_an_answer_counts_for_its_own_script_and_question_only(admin: Client, signed_in: Callable[..., Client]) -> None:
    token = answers(run(admin, "Remove-ReceiveConnector Office"))
    assert "shell-question" in run(admin, "Remove-ReceiveConnector Office # other", answers=token, answer="yes")
    other = signed_in(Role.HYGIENE_MANAGEMENT)
    assert "shell-question" in run(other, "Remove-ReceiveConnector Office", answers=token, answer="yes")
    assert "shell-question" in run(admin, "Remove-ReceiveConnector Office", answers="nonsense", answer="yes")
    assert models.ReceiveConnector.objects.exists()


def test_a_relay_for_strangers_needs_the_connectors_name_typed(admin: Client) -> None:
    run(admin, "Set-ReceiveConnector Office -RemoteIPRanges 0.0.0.0/0")
    script = (
        'Get-ReceiveConnector Office | Add-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" '
        '-ExtendedRights "Ms-Exch-SMTP-Accept-Any-Recipient" -Confirm:$false'
    )
    html = run(admin, script)
    assert 'Type <strong class="mono">Office</strong>' in html and "Everyone on the Internet could" in html
    wrong = run(admin, script, answers=answers(html), answer="office?")
    assert "Nothing was changed" in wrong
    run(admin, script, answers=answers(html), answer="Office")
    assert RELAY.right in str(models.ReceiveConnector.objects.get().grants)


def test_a_file_becomes_a_download_of_its_owner(admin: Client, signed_in: Callable[..., Client]) -> None:
    html = run(
        admin, "Get-ReceiveConnector | select Name | Export-Csv -Path C:\\temp\\connectors.csv -NoTypeInformation"
    )
    (url,) = re.findall(r'href="([^"]+/files/[^"]+)" download="connectors.csv"', html)
    response = admin.get(url)
    assert response.content.decode("utf-8-sig") == '"Name"\r\n"Office"\r\n'
    assert 'attachment; filename="connectors.csv"' in response.headers["Content-Disposition"]
    assert signed_in(Role.VIEW_ONLY).get(url).status_code == 404


@pytest.mark.parametrize(
    ("limit", "value", "script", "says"),
    [
        ("SECONDS", 0, "1..1000 | % { $_ }", "ran longer than"),
        ("MOST_OUTPUT", 1000, "1..1000", "too much to show"),
        ("LARGEST_FILE", 1000, "1..1000 | Out-File a.txt", "too large for a page"),
        ("LONGEST", 10, "Get-ReceiveConnector", "at most 10 characters"),
    ],
)
def test_a_script_cannot_take_more_than_its_share(
    admin: Client, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, script: str, says: str
) -> None:
    monkeypatch.setattr(page, limit, value)
    html = run(admin, script)
    assert says in html and "data-failed" in html


def test_history_is_ones_own_newest_first_without_secrets(admin: Client, signed_in: Callable[..., Client]) -> None:
    for script in ("1", "2", "2", "'password' # 3"):
        run(admin, script)
    html = admin.get(URL).content.decode()
    assert re.findall(r"<li><a[^>]*><code>(.*?)</code>", html) == ["2", "1"]
    assert "<code>2</code>" not in signed_in(Role.VIEW_ONLY).get(URL).content.decode()
    admin.post(URL + "history/forget/")
    assert not HistoryLine.objects.exists()


def test_history_keeps_the_last_ones(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.management_shell.actions.MOST_KEPT", 2)
    for script in ("1", "2", "3"):
        run(admin, script)
    assert list(HistoryLine.objects.values_list("text", flat=True)) == ["3", "2"]


def test_completion_knows_cmdlets_parameters_and_what_is_there(admin: Client) -> None:
    def offered(before: str) -> list[str]:
        return [each["text"] for each in admin.get(URL + "completion/", {"before": before}).json()]

    assert "Get-ReceiveConnector" in offered("get-rec")
    assert offered("Set-ReceiveConnector -MaxMess") == ["-MaxMessageSize"]
    assert offered("Get-ReceiveConnector O") == ["Office"]
    assert offered("Set-ReceiveConnector Office -ProtocolLoggingLevel v") == ["Verbose"]


def test_it_stands_in_the_feature_pane_for_every_role(signed_in: Callable[..., Client]) -> None:
    for role in Role:
        assert f'href="{URL}"' in signed_in(role).get("/").content.decode(), role
