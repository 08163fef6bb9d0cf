from django.urls import path

from console.management_shell.views import Completion, Download, Forget, Shell

app_name = "management_shell"
urlpatterns = [
    path("", Shell.as_view(), name="shell"),
    path("completion/", Completion.as_view(), name="completion"),
    path("history/forget/", Forget.as_view(), name="forget"),
    path("files/<str:key>", Download.as_view(), name="download"),
]
