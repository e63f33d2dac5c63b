"""The first steps of a new admin, and which of them are done."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from accounts.models import AgentGroup, ApiKey, User
from audit.models import Action, Entry
from automation.models import AutomationRule
from sla.models import SlaPolicy

FILES = "django.core.mail.backends.filebased.EmailBackend"


@dataclass(frozen=True)
class Step:
    title: str
    why: str
    page: str
    is_done: Callable[[User], bool]


STEPS = (
    Step(
        "Choose a password of your own",
        "The first one was shown in a terminal.",
        "account_password",
        lambda user: Entry.objects.filter(subject_id=user.pk, action=Action.PASSWORD_SET).exists(),
    ),
    Step(
        "Bring in your agents",
        "Everybody signs in with an account of their own.",
        "people_agent_changelist",
        lambda user: User.objects.staff().exclude(pk=user.pk).exists(),
    ),
    Step(
        "Make groups",
        "Teams get their own queue, and tickets can be handed out by turn.",
        "accounts_agentgroup_changelist",
        lambda _user: AgentGroup.objects.exists(),
    ),
    Step(
        "Promise times",
        "SLA policies set targets, and the queue shows what is due.",
        "sla_slapolicy_changelist",
        lambda _user: SlaPolicy.objects.exists(),
    ),
    Step(
        "Let rules do the routine",
        "Set priorities, assign and answer by conditions.",
        "automation_automationrule_changelist",
        lambda _user: AutomationRule.objects.exists(),
    ),
    Step(
        "Create an API key",
        "Programs file and read tickets with it.",
        "accounts_apikey_changelist",
        lambda _user: ApiKey.objects.exists(),
    ),
    Step(
        "Send real mail",
        "Until EMAIL_URL names a mail server, mails are written to files.",
        "",
        lambda _user: settings.EMAIL_BACKEND != FILES,
    ),
)


def checklist(user: User) -> list[dict[str, object]]:
    return [
        {
            "title": step.title,
            "why": step.why,
            "link": step.page and reverse(f"admin:{step.page}"),
            "is_done": step.is_done(user),
        }
        for step in STEPS
    ]
