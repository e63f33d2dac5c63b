from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from custom_fields.holders import register

        from .sessions import note_sign_in

        register("contact", self.get_model("User"))
        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")
