from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from custom_fields.holders import register

        from .sessions import note_sign_in
        from .unsent import forget_others

        register("contact", self.get_model("User"))
        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")
        user_logged_in.connect(forget_others, dispatch_uid="accounts.forget_others")
