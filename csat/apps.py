from django.apps import AppConfig


class CsatConfig(AppConfig):
    name = "csat"
    verbose_name = "Customer satisfaction"

    def ready(self) -> None:
        from accounts.signals import contacts_merging, person_erasing
        from tickets.signals import ticket_saved

        from .receivers import ask_when_resolved, follow_merge, forget_customer

        ticket_saved.connect(ask_when_resolved, dispatch_uid="csat.ask_when_resolved")
        contacts_merging.connect(follow_merge, dispatch_uid="csat.follow_merge")
        person_erasing.connect(forget_customer, dispatch_uid="csat.forget_customer")
