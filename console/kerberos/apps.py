from django.apps import AppConfig


class KerberosConfig(AppConfig):
    name = "console.kerberos"
    default_auto_field = "django.db.models.BigAutoField"
