"""`make messages`: brings the German catalogue after the code, and names what has no German yet."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from tests.messages.catalogue import PO, renew  # noqa: E402  # the console's tables need Django set up

catalogue = renew()
without = catalogue.untranslated_entries()
print(f"{len(catalogue)} messages in {PO}; {len(without)} of them without German.")
for entry in without:
    print(f"    {entry.msgid}")
