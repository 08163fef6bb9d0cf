"""What an administrator does in the console, by clicking and typing."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.waiting import wait_for


class Hand:
    """A signed-in administrator. Every step goes through what stands on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def sign_in(self, password: str) -> None:
        self.page.goto("/")
        self.page.get_by_label("User name").fill("admin")
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_label("Password", exact=True).press("Enter")
        expect(self.page.locator("h1")).to_have_text("Overview")

    def feature(self, name: str) -> None:
        """Chooses a feature in the pane on the left."""
        self.page.click(f".feature-pane a:text-is('{name}')")
        expect(self.page.locator("h1")).to_have_text(name)

    def properties(self, connector: str, tab: str) -> None:
        """Opens a tab of a connector's properties from the list."""
        if self.page.locator("h1").inner_text() != connector or not self.page.locator(".tabs").count():
            self.feature("Receive connectors")
            self.page.click(f"tbody .row-link strong:text-is('{connector}')")
            expect(self.page.locator("#details h2")).to_have_text(connector)
            self.page.locator("#details").get_by_role("link", name="Open properties").click()
            expect(self.page.locator("h1")).to_have_text(connector)
        self.page.click(f".tabs a:text-is('{tab}')")
        expect(self.page.locator(".tabs [aria-current]")).to_have_text(tab)

    def write(self, label: str, text: str) -> None:
        named = re.compile(f"^{re.escape(label)}( optional)?$")
        self.page.locator("main").get_by_role("textbox", name=named).fill(text)

    def listen(self, binding: str) -> None:
        """On the wizard's page: there and nowhere else."""
        ticked = self.page.locator("[name=bindings-ticked]:checked")
        while ticked.count():
            ticked.first.uncheck()
        self.write("Network adapter bindings", binding)

    def tick(self, label: str, on: bool = True) -> None:
        self.page.locator("main").get_by_label(label, exact=True).set_checked(on)

    def choose(self, label: str, option: str) -> None:
        self.page.locator("main").get_by_label(label, exact=True).select_option(label=option)

    def press(self, button: str) -> None:
        named = re.compile(f"^{re.escape(button)}( as open relay)?$")
        self.page.locator("main form.sheet").get_by_role("button", name=named).last.click()

    def reads(self, text: str) -> None:
        """The page says so."""
        expect(self.page.locator("main")).to_contain_text(text)

    def save(self, confirm: str = "") -> None:
        """Presses Save, types the name where strangers could relay, and waits until it is in force."""
        self.press("Save")
        if confirm:
            self.reads("could send mail to any address")
            self.page.get_by_label(f"Type “{confirm}” to confirm").fill(confirm)
            self.press("Save")
        self.reads("is saved.")
        self.in_force()

    def in_force(self) -> None:
        """Every transport has what was saved last: looked at again and again, as the page does every few seconds."""

        def live() -> bool:
            state = self.page.locator("#revision-state").inner_text()
            return "live on 1 of 1 transport" in state or not self.page.reload()

        wait_for(live, "what was saved is not in force")

    def short_tarpit(self, connector: str) -> None:
        """Each refusal is held back for a second instead of five: these tests are full of them."""
        self.properties(connector, "Limits")
        self.write("Tarpit interval", "00:00:01")
        self.save()

    def new_connector(self, name: str, use: str, bindings: str, ranges: str = "") -> None:
        """Through the wizard up to *Open properties*; without `ranges` those that stand there stay."""
        self.feature("Receive connectors")
        self.page.click("text=New receive connector")
        self.write("Name", name)
        self.page.get_by_label(use).check()
        self.press("Next")
        self.listen(bindings)
        self.press("Next")
        if ranges:
            self.write("Remote network settings", ranges)
        self.press("Next")
        self.press("Create")
        self.reads(f"{name} is made and saved as revision")
        self.in_force()
        self.page.click("text=Open properties")
        expect(self.page.locator("h1")).to_have_text(name)
