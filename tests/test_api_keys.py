"""API keys behind the door: what the command refuses, and how retries of one key are told apart from takeovers."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import AgentGroup, ApiKey, ReplayRecord, User
from accounts.replays import Claim, ReplayStore, Stored
from helpdesk.api.errors import KeyReused
from helpdesk.errors import Conflict

TARGET = "POST /api/agent-groups"


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_the_command_says_what_no_key_can_be_called(admin: User, name: str) -> None:
    with pytest.raises(CommandError, match="1 to 200 characters"):
        call_command("create_api_key", name=name)
    assert not ApiKey.objects.exists()


def work(claim: Claim, name: str) -> None:
    """What a POST does: a change, and the answer to it, or neither."""
    with transaction.atomic():
        AgentGroup.objects.create(name=name)
        claim.finish(201, {}, name.encode())


def claimed(store: ReplayStore, body: bytes = b"{}") -> Claim:
    claim = store.begin(TARGET, "retry-1", body)
    assert isinstance(claim, Claim)
    return claim


@pytest.mark.django_db(transaction=True)
def test_a_request_whose_claim_was_taken_over_takes_its_work_back() -> None:
    store = ReplayStore("key:1", b"secret")
    slow = claimed(store)
    ReplayRecord.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    fast = claimed(store)
    with pytest.raises(Conflict):
        work(slow, "Slow")
    work(fast, "Fast")
    assert list(AgentGroup.objects.values_list("name", flat=True)) == ["Fast"]
    slow.release()
    assert store.begin(TARGET, "retry-1", b"{}") == Stored(201, {}, b"Fast")


@pytest.mark.django_db(transaction=True)
def test_a_claim_ends_with_its_transaction() -> None:
    store = ReplayStore("key:1", b"secret")
    claim = claimed(store)
    with transaction.atomic():
        work(claim, "Never")
        transaction.set_rollback(True)
    with pytest.raises(Conflict):
        store.begin(TARGET, "retry-1", b"{}")
    claim.release()
    assert isinstance(store.begin(TARGET, "retry-1", b"{}"), Claim)


@pytest.mark.django_db
def test_answers_are_for_the_caller_they_were_given_to() -> None:
    claimed(ReplayStore("key:1", b"secret")).finish(201, {}, b"a new key")
    assert isinstance(ReplayStore("key:2", b"other").begin(TARGET, "retry-1", b"{}"), Claim)
    with pytest.raises(KeyReused):
        ReplayStore("key:1", b"secret").begin(TARGET, "retry-1", b"{ }")
    record = ReplayRecord.objects.get(caller="key:1")
    assert b"a new key" not in bytes(record.body or b"")
