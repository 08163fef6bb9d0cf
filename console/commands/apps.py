from django.apps import AppConfig


class CommandsConfig(AppConfig):
    name = "console.commands"
    verbose_name = "Commands"
