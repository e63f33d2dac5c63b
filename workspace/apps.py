from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "workspace"

    def ready(self) -> None:
        from accounts.signals import person_erasing

        from .receivers import forget_person

        person_erasing.connect(forget_person, dispatch_uid="workspace.forget_person")
