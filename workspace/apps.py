from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "workspace"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from accounts.signals import person_erasing

        from .receivers import forget_person
        from .unsent import drafts_again

        person_erasing.connect(forget_person, dispatch_uid="workspace.forget_person")
        user_logged_in.connect(drafts_again, dispatch_uid="workspace.drafts_again")
