from django.apps import AppConfig


class CsatConfig(AppConfig):
    name = "csat"
    verbose_name = "Customer satisfaction"

    def ready(self) -> None:
        from tickets.signals import ticket_saved

        from .receivers import ask_when_resolved

        ticket_saved.connect(ask_when_resolved, dispatch_uid="csat.ask_when_resolved")
