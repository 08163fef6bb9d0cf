from django.apps import AppConfig


class MovingInConfig(AppConfig):
    name = "console.moving_in"
    verbose_name = "Import from Exchange"
