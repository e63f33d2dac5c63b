from django.apps import AppConfig


class EmailChannelConfig(AppConfig):
    name = "email_channel"
    verbose_name = "Mail about tickets"

    def ready(self) -> None:
        from accounts.signals import person_erasing
        from outbox.signals import mail_leaving, mails_settled
        from tickets.signals import reply_added, ticket_deleted, ticket_mailed, ticket_saved

        from .receivers import (
            confirm_receipt,
            forget_customer,
            forget_ticket,
            note_outcome,
            pass_on_reply,
            remember_mail,
            withhold,
        )

        reply_added.connect(pass_on_reply, dispatch_uid="email_channel.pass_on_reply")
        ticket_saved.connect(confirm_receipt, dispatch_uid="email_channel.confirm_receipt")
        ticket_deleted.connect(forget_ticket, dispatch_uid="email_channel.forget_ticket")
        person_erasing.connect(forget_customer, dispatch_uid="email_channel.forget_customer")
        ticket_mailed.connect(remember_mail, dispatch_uid="email_channel.remember_mail")
        mail_leaving.connect(withhold, dispatch_uid="email_channel.withhold")
        mails_settled.connect(note_outcome, dispatch_uid="email_channel.note_outcome")
