from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    name = "console.mailboxes"
    label = "mailboxes"
