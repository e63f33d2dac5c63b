from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from .receivers import keep_tally

        post_migrate.connect(keep_tally, sender=self, dispatch_uid="reports.keep_tally")
