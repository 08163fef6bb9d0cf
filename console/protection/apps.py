from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    name = "console.protection"
    label = "protection"
