from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "console.domains"
    label = "domains"
