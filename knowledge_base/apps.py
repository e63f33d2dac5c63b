from django.apps import AppConfig


class KnowledgeBaseConfig(AppConfig):
    name = "knowledge_base"
    verbose_name = "Knowledge base"

    def ready(self) -> None:
        from accounts.signals import contacts_merging, person_erasing

        from .receivers import follow_merge, forget_person

        contacts_merging.connect(follow_merge, dispatch_uid="knowledge_base.follow_merge")
        person_erasing.connect(forget_person, dispatch_uid="knowledge_base.forget_person")
