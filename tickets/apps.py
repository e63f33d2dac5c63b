from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Tickets"

    def ready(self) -> None:
        from accounts.signals import contacts_merging, group_deleting, person_erasing, user_saved
        from custom_fields.holders import register

        from .receivers import follow_customer, follow_merge, forget_customer, leave_group

        register("ticket", self.get_model("Ticket"))
        group_deleting.connect(leave_group, dispatch_uid="tickets.leave_group")
        contacts_merging.connect(follow_merge, dispatch_uid="tickets.follow_merge")
        person_erasing.connect(forget_customer, dispatch_uid="tickets.forget_customer")
        user_saved.connect(follow_customer, dispatch_uid="tickets.follow_customer")
