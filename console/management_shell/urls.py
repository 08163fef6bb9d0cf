from django.urls import path

from console.management_shell.commands_views import Commands, Script
from console.management_shell.import_views import HandIn, ObjectReport, Preview
from console.management_shell.views import Completion, Download, Forget, Shell

app_name = "management_shell"
urlpatterns = [
    path("management-shell/", Shell.as_view(), name="shell"),
    path("management-shell/completion/", Completion.as_view(), name="completion"),
    path("management-shell/history/forget/", Forget.as_view(), name="forget"),
    path("management-shell/files/<str:key>", Download.as_view(), name="download"),
    path("show-commands/", Commands.as_view(), name="commands"),
    path("show-commands/configuration.ps1", Script.as_view(), name="script"),
    path("import-from-exchange/", HandIn.as_view(), name="import"),
    path("import-from-exchange/preview/", Preview.as_view(), name="import-preview"),
    path("import-from-exchange/preview/<int:place>/", ObjectReport.as_view(), name="import-object"),
]
