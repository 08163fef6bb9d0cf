from django.urls import path

from console.commands.views import Commands, Script

app_name = "commands"
urlpatterns = [
    path("", Commands.as_view(), name="done"),
    path("configuration.ps1", Script.as_view(), name="script"),
]
