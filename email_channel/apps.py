from django.apps import AppConfig


class EmailChannelConfig(AppConfig):
    name = "email_channel"
    verbose_name = "Mail about tickets"

    def ready(self) -> None:
        from accounts.signals import person_erasing
        from tickets.signals import reply_added, ticket_saved

        from .receivers import confirm_receipt, forget_customer, pass_on_reply

        reply_added.connect(pass_on_reply, dispatch_uid="email_channel.pass_on_reply")
        ticket_saved.connect(confirm_receipt, dispatch_uid="email_channel.confirm_receipt")
        person_erasing.connect(forget_customer, dispatch_uid="email_channel.forget_customer")
