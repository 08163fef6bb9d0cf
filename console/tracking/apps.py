from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "console.tracking"
    label = "tracking"
