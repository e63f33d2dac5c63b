"""Two people change one thing on its page: the second is told before anything of the first is written over."""

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.admin_matrix import MODELS, NOBODY
from tests.factories import ArticleFactory, CannedResponseFactory, CompanyFactory, CustomFieldFactory
from tests.forms_in_pages import Fields

pytestmark = pytest.mark.django_db

# A text that the first changes, and another field for the second.
PAGES: dict[str, tuple[str, tuple[str, str]]] = {
    "people_contact": ("name", ("phone", "0301234")),
    "companies_company": ("name", ("industry", "Steel")),
    "people_agent": ("name", ("phone", "0301234")),
    "accounts_agentgroup": ("name", ("auto_assign", "on")),
    "automation_automationrule": ("name", ("description", "Because")),
    "custom_fields_customfield": ("label", ("help_text", "What it says on the box")),
    "tickets_cannedresponse": ("title", ("content", "Hello!")),
    "tickets_tickettemplate": ("name", ("subject", "Hello!")),
    "sla_slapolicy": ("name", ("description", "For all")),
    "sla_businesshours": ("name", ("timezone", "Europe/Berlin")),
    "knowledge_base_category": ("name", ("description", "All of it")),
    "knowledge_base_folder": ("name", ("description", "All of it")),
    "knowledge_base_article": ("title", ("excerpt", "In short")),
}


class Desk:
    """Somebody's browser with the page of one row."""

    def __init__(self, user: User, label: str, row: Any) -> None:
        self.client, self.form = Client(), f"{label.rpartition('_')[2]}_form"
        self.client.force_login(user)
        self.address = reverse(f"admin:{label}_change", args=[row.pk])
        self.read(self.client.get(self.address))

    def beside(self) -> "Desk":
        """Another window with the same page, opened at the same moment."""
        other = copy(self)
        other.fields = dict(self.fields)
        return other

    def read(self, answer: Any) -> None:
        self.page = answer.content.decode()
        self.fields: dict[str, Any] = Fields.of(self.page, self.form)

    def save(self, **typed: Any) -> Any:
        self.fields |= typed
        answer = self.client.post(self.address, self.fields)
        if answer.status_code == 200:
            self.read(answer)
        return answer


def test_no_page_that_changes_something_is_forgotten() -> None:
    assert set(PAGES) == {label for label, model in MODELS.items() if model.changed is not NOBODY}


@pytest.mark.parametrize("label", PAGES)
def test_what_others_saved_meanwhile_is_told_and_kept(admin: User, label: str) -> None:
    theirs, (mine, value) = PAGES[label]
    row = MODELS[label].row()
    manager = type(row)._default_manager
    first = Desk(admin, label, row)
    second = first.beside()
    untouched = manager.filter(pk=row.pk).values(theirs, mine).get()

    assert first.save().status_code == 302, "a form that comes back as it went is no change"
    assert manager.filter(pk=row.pk).values(*untouched).get() == untouched
    assert first.save(**{theirs: "Renamed"}).status_code == 302

    refused = second.save(**{mine: value})
    assert "Somebody else changed this" in second.page
    assert "is “Renamed” now." in refused.context["adminform"].form.non_field_errors()[1]
    stored = manager.get(pk=row.pk)
    assert (getattr(stored, theirs), second.fields[theirs], second.fields[mine]) == ("Renamed", ["Renamed"], [value])
    assert second.save().status_code == 302
    both = manager.get(pk=row.pk)
    assert (getattr(both, theirs), getattr(both, mine)) == ("Renamed", value == "on" or value)


def test_what_one_wrote_oneself_replaces_it_when_it_is_saved_once_more(admin: User) -> None:
    row: Any = CannedResponseFactory(title="Old")
    first = Desk(admin, "tickets_cannedresponse", row)
    second = first.beside()
    assert first.save(title="Theirs").status_code == 302
    refused = second.save(title="Mine")
    assert "Title is “Theirs” now; what you wrote" in refused.context["adminform"].form.non_field_errors()[1]
    assert second.fields["title"] == ["Mine"]
    row.refresh_from_db()
    assert row.title == "Theirs"
    assert second.save().status_code == 302
    row.refresh_from_db()
    assert row.title == "Mine"


def test_both_saying_the_same_is_no_conflict(admin: User) -> None:
    row = CannedResponseFactory(title="Old")
    one = Desk(admin, "tickets_cannedresponse", row)
    other = one.beside()
    assert one.save(title="New").status_code == other.save(title="New").status_code == 302


@pytest.mark.parametrize("seen", ["", "nonsense", "[]", '{"title": 7}'])
def test_a_form_without_fingerprints_is_taken_as_it_is(admin: User, seen: str) -> None:
    row = CannedResponseFactory(title="Old")
    desk = Desk(admin, "tickets_cannedresponse", row)
    answer = desk.save(title="New", _seen=seen)
    assert answer.status_code == (200 if "7" in seen else 302)


@pytest.mark.parametrize(
    ("label", "theirs", "said"),
    [
        ("tickets_tickettemplate", {"priority": "urgent"}, "Priority is “Urgent” now"),
        ("people_contact", {"company": "Acme"}, "Company is “Acme” now"),
        ("tickets_cannedresponse", {"content": "x" * 200}, "Text is different now"),
        ("sla_slapolicy", {"resolution_time_0": "9", "resolution_time_1": "60"}, "Resolution within is “9 h” now"),
        (
            "sla_businesshours",
            {"day-2-start": "08:00", "day-2-end": "12:00"},
            "Week is “Mon 09:00–17:00; Tue 08:00–12:00” now",
        ),
        ("automation_automationrule", {"is_active": []}, "Active is off now"),
        ("accounts_agentgroup", {"description": "Them"}, "Description is “Them” now"),
    ],
)
def test_values_are_told_as_people_say_them(admin: User, label: str, theirs: dict[str, Any], said: str) -> None:
    row = MODELS[label].row()
    if "company" in theirs:
        theirs = {"company": str(CompanyFactory(name=theirs["company"]).pk)}
    first = Desk(admin, label, row)
    second = first.beside()
    assert first.save(**theirs).status_code == 302
    assert said in " ".join(second.save().context["adminform"].form.non_field_errors())
    for name, value in theirs.items():
        assert [text for text in second.fields.get(name, []) if text] == (value if value == [] else [value])


@pytest.mark.parametrize(("before", "theirs", "said"), [(None, 0, "“0”"), (0, 5, "“5”"), (0, None, "empty")])
def test_zero_is_a_value(admin: User, before: int | None, theirs: int | None, said: str) -> None:
    CustomFieldFactory(entity_type="contact", name="score", label="Score", field_type="number")
    row = MODELS["people_contact"].row()
    User.objects.filter(pk=row.pk).update(custom_fields={} if before is None else {"score": before})
    desk = Desk(admin, "people_contact", row)
    User.objects.filter(pk=row.pk).update(custom_fields={} if theirs is None else {"score": theirs})
    assert f"Score is {said} now." in " ".join(desk.save(phone="0301234").context["adminform"].form.non_field_errors())
    assert desk.save().status_code == 302
    assert User.objects.get(pk=row.pk).custom_fields.get("score") == theirs


def test_white_space_with_a_meaning_is_a_change_and_what_shows_nothing_is_none(admin: User) -> None:
    row = ArticleFactory(content="code")
    desk = Desk(admin, "knowledge_base_article", row)
    type(row).objects.filter(pk=row.pk).update(content="    code")
    desk.save(excerpt="In short")
    assert "Somebody else changed this" in desk.page
    row = ArticleFactory(content="  text\n\n")
    desk = Desk(admin, "knowledge_base_article", row)
    type(row).objects.filter(pk=row.pk).update(content="  text")
    assert desk.save(excerpt="In short").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_at_the_same_moment_one_is_first(admin: User, at_once: Callable[..., list[Any]]) -> None:
    row: Any = CannedResponseFactory(title="Old")
    desks = [Desk(admin, "tickets_cannedresponse", row) for _ in range(4)]
    saved = at_once(4, lambda place: desks[place].save(title=f"Of {place}").status_code)
    assert sorted(saved) == [200, 200, 200, 302]
    row.refresh_from_db()
    assert row.title == f"Of {saved.index(302)}"
