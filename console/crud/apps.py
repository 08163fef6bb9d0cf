from django.apps import AppConfig


class CrudConfig(AppConfig):
    name = "console.crud"
    label = "crud"
