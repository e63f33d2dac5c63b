from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "Service levels"

    def ready(self) -> None:
        from tickets.signals import reply_added, ticket_filing, ticket_saved

        from .receivers import keep_clock, notice_response, set_deadlines

        ticket_filing.connect(set_deadlines, dispatch_uid="sla.set_deadlines")
        ticket_saved.connect(keep_clock, dispatch_uid="sla.keep_clock")
        reply_added.connect(notice_response, dispatch_uid="sla.notice_response")
