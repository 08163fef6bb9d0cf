"""Needs attention, of this copy: processes, servers, listeners, disk, certificates, and whether the books balance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.backups import queries as backup_queries
from console.connectors.models import ReceiveConnector
from console.connectors.queries import Tabs
from console.crud.format import size_text
from console.crud.said import said
from console.overview.concern import Concern
from console.processes import nodes
from console.processes.nodes import Machine
from console.processes.queries import FORGOTTEN, About, Fault, Health
from console.publishing import queries as publishing
from console.queues import queries as queues


def faults(health: Health) -> Iterator[Concern]:
    """What `manage.py status` and /healthz complain of."""
    for fault in health.faults:
        yield Concern(_title(fault), f"{said(fault.text)} {_advice(fault)}".strip(), _page(fault), is_bad=True)


def trial() -> Iterator[Concern]:
    """What goes back by itself unless somebody confirms it."""
    if trial := publishing.trial():
        text = _("Unless somebody confirms it, revision %d comes back by itself.") % trial.former
        yield Concern(_("What is saved is on trial"), text, reverse("publishing:list"))


def _title(fault: Fault) -> str:
    titles = {
        About.SERVER: fault.name,
        About.PROCESS: _("Process: %s") % fault.name,
        About.NODE: _("Node %s") % fault.name,
        About.REVISION: _("What is saved is not in force"),
        About.JOURNAL: _("Journal of %s") % fault.name,
        About.QUEUE: _("Queue: %s") % fault.name,
    }
    return titles[fault.about]


def _advice(fault: Fault) -> str:
    advice = {
        About.SERVER: _("Its log, among the logs in the data directory, tells why; make run starts it again."),
        About.PROCESS: _(
            "Its log, among the logs in the data directory of that machine, tells why. End it if it hangs: it is "
            "started again."
        ),
        About.NODE: "",
        About.REVISION: "",
        About.JOURNAL: _("It goes on as soon as forwarder and PostgreSQL work; make no room by deleting from it."),
        About.QUEUE: _("See whether the workers are at work, and what the queue says."),
    }
    return advice[fault.about]


def _page(fault: Fault) -> str:
    if fault.about is About.QUEUE:
        return f"{reverse('queues:list')}?q={fault.name}"
    if fault.about is About.NODE:
        return reverse("nodes:list")
    return reverse("publishing:list") if fault.about is About.REVISION else f"{reverse('overview:home')}#processes"


def reported_problems() -> Iterator[Concern]:
    """What the transports report: connectors that cannot listen, and what concerns all of them, such as a full disk."""
    tabs = Tabs(ReceiveConnector)
    for connector, lines in publishing.listening_problems().items():
        for line in lines:
            if connector in tabs:
                yield Concern(connector, line, tabs.url(connector, "scoping"), is_bad=True)
            else:
                is_tls = "certificate" in line.lower()
                url = reverse("certificates:list") if is_tls else f"{reverse('overview:home')}#processes"
                yield Concern(connector or _("All connectors"), line, url, is_bad=True)


def machines() -> Iterator[Concern]:
    """Nodes that are gone for long, or drained and forgotten so, whose clocks differ, and several versions at once."""
    every = nodes.machines(with_wanted=False)
    for each in every:
        url = reverse("nodes:details", args=[each.name])
        if each.age is None or each.age > FORGOTTEN:
            yield Concern(_("Node %s") % each.name, _gone(each), url, is_bad=bool(each.waiting))
        elif not each.takes_sessions:
            text = _("It takes no new sessions, because an administrator said so. Resume it once it is to take them.")
            yield Concern(_("Node %s") % each.name, text, url)
        elif each.clock_is_off:
            text = _("Its clock differs from PostgreSQL's by %d s. Let both be set by NTP.") % abs(each.row.clock or 0)
            yield Concern(_("Node %s") % each.name, text, url)
    if len(found := nodes.versions(every)) > 1:
        told = "; ".join(f"{version}: {', '.join(names)}" for version, names in sorted(found.items()))
        text = _("Several versions run at once (%s). Upgrade the others, too.") % told
        yield Concern(_("Versions"), text, reverse("nodes:list"))


def _gone(machine: Machine) -> str:
    if machine.waiting:
        text = ngettext(
            "It is gone, and its journal holds %d message. Start it again, or take its data directory in on another "
            "node: manage.py forward DIRECTORY.",
            "It is gone, and its journal holds %d messages. Start it again, or take its data directory in on another "
            "node: manage.py forward DIRECTORY.",
            machine.waiting,
        )
        return text % machine.waiting
    return _("It is gone. Start it again, or remove it if it does not come back.")


def disk() -> Iterator[Concern]:
    """The console's disk, before transports refuse mail for it. A console of its own has none to look at."""
    least = settings.GATEPOST_MINIMUM_FREE
    try:
        free = shutil.disk_usage(settings.GATEPOST_HOME).free
    except OSError:
        return
    if free < 2 * least:
        text = _(
            "%(free)s are left on the disk of the data directory. Make room: below %(least)s no mail is accepted."
        ) % {"free": size_text(free), "least": size_text(least)}
        yield Concern(_("Disk"), text, f"{reverse('overview:home')}#processes", is_bad=free < least)


def books() -> Iterator[Concern]:
    """Mail that was accepted and is nowhere, or is somewhere and never came."""
    if difference := queues.unbalanced():
        if difference > 0:
            text = ngettext("%d recipient is missing.", "%d recipients are missing.", difference)
        else:
            text = ngettext("%d recipient is too many.", "%d recipients are too many.", -difference)
        advice = _("Run manage.py ledger; if it says so again, keep journal and logs, and report it.")
        yield Concern(_("The books do not balance"), f"{text % abs(difference)} {advice}", reverse("queues:list"), True)


def restored_mail() -> Iterator[Concern]:
    """Mail that came out of a backup, of which nobody has said yet what becomes of it."""
    if found := backup_queries.restored():
        text = ngettext(
            "%d recipient waited when the backup was taken and is held: release or drop it.",
            "%d recipients waited when the backup was taken and are held: release or drop them.",
            found[1],
        )
        yield Concern(_("Restored mail"), text % found[1], reverse("backups:page"), is_bad=True)


def backups() -> Iterator[Concern]:
    """Scheduled ones that are not made, not whole, or that nobody has checked."""
    found = backup_queries.trouble()
    if found is None:
        return
    url, name = reverse("backups:page"), _("Backups")
    if found.failed:
        yield Concern(name, _("The last backup failed: %s") % said(found.failed.words), url, is_bad=True)
    elif found.is_late:
        yield Concern(name, _("No backup was made for more than a day, though one is scheduled."), url, is_bad=True)
    if found.not_whole:
        yield Concern(
            name, _("The newest backup cannot be restored: %s") % said(found.not_whole.check_words), url, True
        )
    if found.is_unchecked:
        yield Concern(name, _("No backup was checked in the last 30 days: check the newest one."), url)
