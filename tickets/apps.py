from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Tickets"

    def ready(self) -> None:
        from custom_fields.holders import register

        register("ticket", self.get_model("Ticket"))
