from django.apps import AppConfig


class TransportSettingsConfig(AppConfig):
    name = "console.transport_settings"
    label = "transport_settings"
