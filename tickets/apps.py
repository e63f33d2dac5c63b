from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Tickets"

    def ready(self) -> None:
        from accounts.signals import group_deleting, user_saved
        from custom_fields.holders import register

        from .receivers import follow_customer, leave_group

        register("ticket", self.get_model("Ticket"))
        group_deleting.connect(leave_group, dispatch_uid="tickets.leave_group")
        user_saved.connect(follow_customer, dispatch_uid="tickets.follow_customer")
