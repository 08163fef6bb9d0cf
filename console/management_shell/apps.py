from django.apps import AppConfig


class ManagementShellConfig(AppConfig):
    name = "console.management_shell"
    label = "management_shell"
