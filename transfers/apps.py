from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"
    verbose_name = "Import and export"

    def ready(self) -> None:
        from accounts.signals import person_erasing

        from .receivers import forget_person

        person_erasing.connect(forget_person, dispatch_uid="transfers.forget_person")
