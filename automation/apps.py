from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "automation"
    verbose_name = "Automation"

    def ready(self) -> None:
        from accounts.signals import person_erasing
        from tickets.signals import note_added, reply_added, ticket_saved

        from . import receivers
        from .forgetting import forget_person

        # Rules first, then assignment: what a rule decides, nobody needs to decide again.
        ticket_saved.connect(receivers.on_ticket_saved, dispatch_uid="automation.ticket_saved")
        reply_added.connect(receivers.on_reply_added, dispatch_uid="automation.reply_added")
        note_added.connect(receivers.on_note_added, dispatch_uid="automation.note_added")
        ticket_saved.connect(receivers.assign, dispatch_uid="automation.assign")
        person_erasing.connect(forget_person, dispatch_uid="automation.forget_person")
