from django.apps import AppConfig


class HelpDeskConfig(AppConfig):
    name = "helpdesk"
    verbose_name = "HelpDesk"
