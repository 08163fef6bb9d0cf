from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from console.actors import Role
from tests.console.crud.fruit import Fruit, basket

pytestmark = pytest.mark.urls("tests.console.crud.fruit")


@pytest.fixture(autouse=True)
def filled_basket() -> Iterator[list[Fruit]]:
    basket[:] = [Fruit("pear", 180), Fruit("apple", 150), Fruit("fig", 40, ripe=True)]
    yield basket
    basket.clear()


def names(text: str) -> list[str]:
    return re.findall(r"<strong>(\w+)</strong></a>", text)


def test_the_list_shows_rows_counts_and_purpose(admin: Client) -> None:
    text = admin.get("/fruit/").text
    assert names(text) == ["pear", "apple", "fig"]
    assert "3 fruits" in text
    assert "What the tests pick." in text


def test_columns_sort_both_ways(admin: Client) -> None:
    assert names(admin.get("/fruit/?sort=weight").text) == ["fig", "apple", "pear"]
    descending = admin.get("/fruit/?sort=-weight").text
    assert names(descending) == ["pear", "apple", "fig"]
    assert 'aria-sort="descending"' in descending
    assert names(admin.get("/fruit/?sort=ripe").text) == ["pear", "apple", "fig"]
    assert names(admin.get("/fruit/?sort=-~state").text)[0] == "fig"


def test_filters_say_how_many_match_and_lead_back(admin: Client) -> None:
    text = admin.get("/fruit/?q=AP").text
    assert names(text) == ["apple"]
    assert "1 fruit matches" in text
    assert "2 fruits match" in admin.get("/fruit/?q=p").text
    assert names(admin.get("/fruit/?state=ripe").text) == ["fig"]
    assert "Nothing matches." in admin.get("/fruit/?q=plum").text


def test_an_empty_list_offers_the_first_step(admin: Client) -> None:
    basket.clear()
    text = admin.get("/fruit/").text
    assert "No fruits yet." in text
    assert "Pick the first one." in text


def test_a_row_has_an_address_of_its_own_and_keeps_the_filter(admin: Client) -> None:
    text = admin.get("/fruit/pear/?q=p").text
    assert names(text) == ["pear", "apple"]
    assert 'href="/fruit/apple/?q=p"' in text
    assert re.search(r"<h2>\s*pear", text)
    assert admin.get("/fruit/plum/").status_code == 404


def test_the_details_act_on_their_object_and_can_be_closed(admin: Client) -> None:
    text = admin.get("/fruit/pear/?q=p").text
    form = re.search(r'<form class="details-verbs".*?</form>', text, re.S)[0]
    assert re.findall(r'value="(\w+)"', form)[-3:] == ["edit", "ripen", "remove"]
    assert 'name="pk" value="pear"' in form
    assert re.search(r'href="/fruit/\?q=p"[^>]*data-close-details', text)


def test_htmx_gets_the_part_it_asks_for(admin: Client) -> None:
    pane = admin.get("/fruit/pear/", headers={"HX-Request": "true", "HX-Target": "details"}).text
    assert "<table" not in pane
    assert 'hx-swap-oob="true"' in pane
    table = admin.get("/fruit/", headers={"HX-Request": "true", "HX-Target": "list"}).text
    assert "<table" in table
    assert "<html" not in table


def test_long_lists_come_in_pages(admin: Client) -> None:
    basket[:] = [Fruit(f"f{number:04}", number) for number in range(1020)]
    first, third = admin.get("/fruit/?sort=name"), admin.get("/fruit/?sort=name&page=3")
    assert len(names(first.text)) == 50
    assert names(third.text)[0] == "f0100"
    assert "1,020 fruits" in first.text
    assert 'href="/fruit/?sort=name&amp;page=2"' in first.text
    assert names(admin.get("/fruit/?page=99").text)[0] == "f1000"


def test_new_and_edit_save_and_come_back_to_the_row(admin: Client) -> None:
    assert admin.post("/fruit/new", {"name": "plum", "weight": "30"}).url == "/fruit/plum/"
    assert admin.post("/fruit/plum/edit", {"name": "plum", "weight": "35"}).url == "/fruit/plum/"
    assert basket[-1] == Fruit("plum", 35)


def test_a_changed_value_shows_its_default(admin: Client) -> None:
    assert "back to the default" in admin.get("/fruit/pear/edit").text
    assert "back to the default" not in admin.get("/fruit/new").text


def test_errors_of_form_and_action_stand_at_the_field_and_on_top(admin: Client) -> None:
    missing = admin.post("/fruit/new", {"weight": "1"})
    assert missing.status_code == 422
    assert missing.text.count("Enter the name.") == 2
    refused = admin.post("/fruit/new", {"name": "melon", "weight": "20000"})
    assert "Too heavy" in str(refused.context["form"].errors["weight"])
    assert 'value="melon"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    elsewhere = admin.post("/fruit/new", {"name": "stone", "weight": "1"})
    assert elsewhere.context["form"].non_field_errors() == ["A stone is no fruit."]


def test_verbs_act_on_every_chosen_row(admin: Client) -> None:
    answer = admin.post("/fruit/act", {"verb": "ripen", "pk": ["pear", "apple"]}, follow=True)
    assert all(fruit.ripe for fruit in basket)
    assert "pear: is ripe now" in answer.text


def test_a_verb_that_fails_says_why(admin: Client) -> None:
    basket.append(Fruit("nothing", 0))
    answer = admin.post("/fruit/act", {"verb": "ripen", "pk": "nothing"}, follow=True)
    assert "nothing: There is nothing to ripen." in answer.text


def test_a_verb_that_does_not_apply_is_neither_offered_nor_done(admin: Client) -> None:
    assert 'value="ripen"' not in admin.get("/fruit/fig/").text
    assert admin.post("/fruit/act", {"verb": "ripen", "pk": "fig"}).status_code == 403
    assert admin.post("/fruit/act", {"verb": "peel", "pk": "pear"}).status_code == 404


def test_nothing_chosen_is_said(admin: Client) -> None:
    assert "Select a row first." in admin.post("/fruit/act", {"verb": "ripen"}, follow=True).text
    assert "Select a row first." in admin.get("/fruit/remove", follow=True).text


def test_removal_asks_warns_and_removes(admin: Client) -> None:
    assert admin.post("/fruit/act", {"verb": "remove", "pk": ["pear", "fig"]}).url == "/fruit/remove?pk=pear&pk=fig"
    text = admin.get("/fruit/remove?pk=pear&pk=fig").text
    assert "Remove 2 fruits?" in text
    assert "Nobody can eat them then." in text
    admin.post("/fruit/remove", {"pk": ["pear", "fig"]})
    assert [fruit.name for fruit in basket] == ["apple"]
    refused = admin.post("/fruit/remove", {"pk": "apple"})
    assert refused.status_code == 422
    assert "The last apple stays." in refused.text


def test_a_reader_gets_no_buttons_and_no_writes(signed_in: Callable[..., Client]) -> None:
    reader = signed_in(Role.VIEW_ONLY)
    text = reader.get("/fruit/pear/").text
    assert 'value="ripen"' not in text
    assert "New fruit" not in text
    assert "/fruit/pear/edit" not in text
    for path in ("new", "pear/edit", "remove?pk=pear"):
        assert reader.get(f"/fruit/{path}").status_code == 403
    for path in ("new", "pear/edit", "remove", "act"):
        assert reader.post(f"/fruit/{path}", {"pk": "pear", "verb": "ripen"}).status_code == 403
    assert len(basket) == 3
    assert not basket[0].ripe


def test_a_role_that_may_write_gets_them(signed_in: Callable[..., Client]) -> None:
    client = signed_in(Role.RECIPIENT_MANAGEMENT)
    assert "New fruit" in client.get("/fruit/").text
    assert client.post("/fruit/act", {"verb": "ripen", "pk": "pear"}).status_code == 302


def test_names_are_escaped_everywhere(admin: Client) -> None:
    evil = "<b>x"
    basket.append(Fruit(evil, 1))
    for page in ("/fruit/", "/fruit/%3Cb%3Ex/", "/fruit/remove?pk=%3Cb%3Ex", "/fruit/%3Cb%3Ex/edit"):
        text = admin.get(page).text
        assert evil not in text
        assert "&lt;b&gt;x" in text


def test_words_of_the_filter_box_narrow_and_exclude(admin: Client) -> None:
    assert names(admin.get("/fruit/?q=state:ripe").text) == ["fig"]
    assert names(admin.get("/fruit/?q=-state:ripe").text) == ["pear", "apple"]
    assert names(admin.get("/fruit/?q=p -pear").text) == ["apple"]
    assert "Nothing matches." in admin.get("/fruit/?q=state:rotten").text
    assert 'href="/fruit/"' in re.search(r"filter-chips.*?</p>", admin.get("/fruit/?q=state:ripe").text, re.S)[0]


def test_a_verb_comes_back_to_the_same_filter_and_page(admin: Client) -> None:
    page = admin.get("/fruit/?q=p&sort=-name").text
    assert 'action="/fruit/act?q=p&amp;sort=-name"' in page
    one = admin.post("/fruit/act?q=p&sort=-name", {"verb": "ripen", "pk": "pear"})
    assert one.url == "/fruit/pear/?q=p&sort=-name"
    basket.append(Fruit("quince", 200))
    both = admin.post("/fruit/act?q=e&page=2", {"verb": "ripen", "pk": ["quince", "apple"]})
    assert both.url == "/fruit/?q=e&page=2"


def test_all_that_match_are_acted_on_once_their_number_is_confirmed(admin: Client) -> None:
    basket[:] = [Fruit(f"f{number:03}", number + 1, ripe=number < 10) for number in range(80)]
    assert "All 80" in admin.get("/fruit/").text
    asked = admin.post("/fruit/act?q=-state:ripe", {"verb": "ripen", "all": "rows"})
    assert "70 fruits?" in asked.text
    assert "65 more" in asked.text
    assert sum(fruit.ripe for fruit in basket) == 10
    basket.append(Fruit("late", 5))
    assert "71 fruits?" in admin.post("/fruit/act?q=-state:ripe", {"verb": "ripen", "all": "rows", "count": "70"}).text
    done = admin.post("/fruit/act?q=-state:ripe", {"verb": "ripen", "all": "rows", "count": "71"}, follow=True)
    assert "71 fruits: is ripe now." in done.text
    assert all(fruit.ripe for fruit in basket)
    assert "applies to" in admin.post("/fruit/act", {"verb": "ripen", "all": "rows"}, follow=True).text
    basket[:] = [Fruit(f"f{number:04}", 1) for number in range(1001)]
    assert "At most 1,000 at once" in admin.post("/fruit/act", {"verb": "remove", "all": "rows"}, follow=True).text


def test_all_that_match_are_removed(admin: Client) -> None:
    admin.post("/fruit/act?q=fig", {"verb": "remove", "all": "rows", "count": "1"})
    assert [fruit.name for fruit in basket] == ["pear", "apple"]
    refused = admin.post("/fruit/act", {"verb": "remove", "all": "rows", "count": "2"})
    assert refused.status_code == 422
    assert "The last apple stays." in refused.text


def test_a_list_is_a_file_that_no_spreadsheet_computes(admin: Client) -> None:
    basket[:] = [Fruit('=HYPERLINK("x")', 5), Fruit("<b>&", 1200, ripe=True), Fruit("-5", 1)]
    lines = b"".join(admin.get("/fruit/rows.csv?sort=-weight").streaming_content).decode("utf-8-sig").split("\r\n")
    assert lines[:4] == ["Name,Weight,State", "<b>&,1200,ripe", '"\'=HYPERLINK(""x"")",5,green', "-5,1,green"]
