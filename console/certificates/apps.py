from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "console.certificates"
    label = "certificates"
