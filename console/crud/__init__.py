"""List, details pane, new, edit and remove: once, for every kind of object.

Declare a kind of object, then mount its URLs:

    # console/domains/views.py
    from console.crud import BADGE, MONO, NAME, NUMBER, TIME, Badge, Column, CrudView, Detail, Filter, Verb

    class DomainPages(CrudView):
        model = AcceptedDomain
        namespace = "domains"                    # URL names domains:list, :details, :new, :edit, :remove, :act
        noun, plural = _("accepted domain"), _("accepted domains")
        title = ""                               # the heading, if not the plural
        purpose = _("Domains this organization accepts mail for.")      # under the heading
        first_step = _("Add what stands after the @ of your addresses.")    # when the list is empty
        columns = [
            Column(_("Name"), "name", NAME, sort="name"),
            Column(_("Domain"), "domain", MONO, sort="domain"),
            Column(_("Type"), lambda domain: Badge(domain.get_type_display(), "neutral"), BADGE, sort="type"),
            Column(_("Recipients"), "recipient_count", NUMBER, minor=True),     # minor: absent on a phone
        ]
        details = [Detail(_("Type"), "get_type_display"), Detail(_("Changed"), "changed_at", TIME)]
        search = ["name", "domain"]              # what the filter box looks in
        filters = [Filter("type", _("Type"), DomainType.choices)]     # also typed in the filter box: type:external
        shared = ["comment"]                     # settings that Edit changes of several (of SettingsPages)
        copied = ["name", "domain_name"]         # settings that Copy asks for
        copies = True                            # Copy: the form of a new one, filled in but for secrets
        is_tagged = True                         # administrators may put words on its objects
        unsorted = ""                            # why columns without sort= are not sorted, where rows are many
        verbs = [Verb("make-default", _("Make default"), icon="star")]  # toolbar; calls self.make_default(obj)
        form_class = DomainForm                  # a ModelForm, or a Form that takes instance=
        writers = frozenset({Role.ORGANIZATION_MANAGEMENT})
        refresh = 10                             # seconds; 0 = the list does not refresh itself

        def save(self, form):                    # every write goes to the app's actions
            return actions.save(self.actor, form.save(commit=False))

        def remove(self, obj):
            actions.remove(self.actor, obj)

        def make_default(self, obj):
            actions.make_default(self.actor, obj)

    # console/domains/urls.py
    app_name = "domains"
    urlpatterns = DomainPages.urls()             # or .urls("receive-connectors/") below the app's own prefix

A ValidationError that an action raises goes to the form: to the field it names (`ValidationError({"domain": …})`),
else on top. PermissionDenied becomes the 403 page. Leave out `save` and there is no New and no Edit; leave out
`remove` and there is no Remove; override `may(verb, obj)` to withhold a verb from one object.
- Two kinds in one app: `prefix = "receive-"` gives connectors:receive-list and so on.
- Rows need not be models: override `rows()` (any sequence), `find(pk)` and `key(obj)`; `pk_converter` "str" or "path".
- Wizard instead of the form for New: `new_url = "connectors:receive-wizard"`. Property page instead of Edit:
  `edit_url = …`, called with the key.
- `import_url = "moving_in:hand-in"`: an empty list also offers the import from Exchange.
- Own details pane: a `details_template` that extends "crud/details.html" and fills its blocks.

Every list has of itself: words and quotes in its filter box with - for not, filters kept under a name, columns and page
size of the reader (`optional=True`: a column that is there for who chooses it), all that match as one choice, CSV, and
the filter again when one comes back. Override `narrowed()` where `filtered()` does not narrow the rows, `completed()`
where columns tell more than a row holds.

Other pieces
- Form with groups: mix `GroupedForm` in and give `groups = [Group(_("Size"), ["max_size"], help=…)]`, and where there
  are defaults `defaults = {"max_size": "10 MB"}`: a changed value then shows its default and a way back.
- Typed confirmation: mix `TypedConfirmation` in and call `require_names({name: danger})` when it is needed.
- A form of its own that does one thing: a subclass of `ActionPage`.
- Property page with tabs: extend "crud/tabs.html", give `tabs=[Tab(label, url, current)]`, `sentence`, `crumbs`.
- Wizard: extend "crud/wizard.html", give `steps=[Step(label, url or "", state)]` (done | current | ahead), `form`,
  `is_first`, `is_last`; it posts go=next, go=back or go=cancel.
- Any form page: extend "crud/form.html", give `title`, `form`, `cancel_url`, `crumbs=[(label, url)]`.

Template tags (`{% load gatepost %}`): `{% time value %}`, `{% ago value %}`, `{% badge text tone %}` (good warning
bad neutral info), `{% icon "plus" %}`, `{% size bytes %}`, `{% field form.name %}`, `{% form_fields form %}`,
`{% error_summary form %}`, `{% codebox text %}`, and around a text `{% notice "warning" %}…{% endnotice %}` (info good
warning bad) and `{% sentence %}…{% endsentence %}`.
"""

from console.crud.access import RoleRequired
from console.crud.columns import BADGE, LINES, MONO, NAME, NUMBER, SIZE, TEXT, TIME, Badge, Column, Detail, Filter, Verb
from console.crud.forms import Confirmation, Group, GroupedForm, TypedConfirmation, put_errors
from console.crud.layout import Step, Tab
from console.crud.views import CrudView, Page

__all__ = [
    "BADGE",
    "LINES",
    "MONO",
    "NAME",
    "NUMBER",
    "SIZE",
    "TEXT",
    "TIME",
    "Badge",
    "Column",
    "Confirmation",
    "CrudView",
    "Detail",
    "Filter",
    "Group",
    "GroupedForm",
    "Page",
    "RoleRequired",
    "Step",
    "Tab",
    "TypedConfirmation",
    "Verb",
    "put_errors",
]
