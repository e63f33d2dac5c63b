"""Queues that somebody has given a name, for themselves or for everybody."""

from hashlib import sha256
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from audit.services import record_change, record_creation, record_deletion, snapshot
from helpdesk.api.text import check_text
from helpdesk.errors import Conflict, Invalid, NotFound

from .models import SavedView
from .pages import attempt, carried, queue_address, sight_of, user_of
from .queues import Queue

COUNTED = 20  # saved views that show a number
FRESH = 60  # seconds these numbers are kept, or longer
PATIENCE = 300  # times as long as it took to count, so that what takes a second is not asked for all the time
LONGEST = 60
MOST_QUERY = 2000
MOST = 100  # of one person: those that are shared stand on everybody's pages


def saved_views(user: User) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True))


def changeable(user: User) -> QuerySet[SavedView]:
    """Views of one's own; admins look after those that are shared, too."""
    return saved_views(user) if user.is_admin else SavedView.objects.filter(owner=user)


def changeable_view(user: User, pk: UUID) -> SavedView:
    """Hidden and missing look alike."""
    found = changeable(user).select_related("owner").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def saved_counts(user: User) -> dict[str, str]:
    """The numbers of saved views."""
    sight = sight_of(user)
    return {str(view.pk): number_in(user, view.query, sight=sight) for view in saved_views(user)[:COUNTED]}


def number_in(user: User, query: str, *, sight: str) -> str:
    """How many tickets a list holds that may filter by anything: counted apart from the page, and not every time."""
    # Who sees less from now on is told less at once.
    key = f"queue-number:{user.pk}:{sight}:{sha256(query.encode()).hexdigest()}"
    number = cache.get(key)
    if number is None:
        begun = monotonic()
        try:
            number = Queue(user, QueryDict(query), now=timezone.now()).count()
        except Invalid:  # it was saved when addresses were read otherwise
            number = ""
        cache.set(key, number, max(FRESH, int((monotonic() - begun) * PATIENCE)))
    return str(number)


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    query, user = carried(request), user_of(request)

    def save() -> None:
        address = Queue(user, QueryDict(query), now=timezone.now()).address()
        if len(address) > MOST_QUERY:
            raise Invalid("These are too many filters for one view.")
        if SavedView.objects.filter(owner=user).count() >= MOST:
            raise Invalid(f"You have {MOST} views already. Delete one first.")
        try:
            made = SavedView.objects.create(owner=user, query=address, **given(request))
        except IntegrityError:
            raise Conflict("You have a view of this name already.") from None
        if made.is_shared:
            record_creation(made, actor=user)

    attempt(request, save, f"The view “{name_in(request)}” is saved.")
    return HttpResponseRedirect(queue_address(query))


@require_POST
def change_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a view another name, share it or stop sharing it."""
    view = changeable_view(user_of(request), pk)
    attempt(request, lambda: rename(view, request), f"The view “{name_in(request)}” is saved.")
    return HttpResponseRedirect(queue_address(view.query))


def rename(view: SavedView, request: HttpRequest) -> None:
    """Change what is still there; raises Invalid, Conflict and NotFound."""
    user, wanted = user_of(request), given(request)
    locked = changeable(user).select_for_update(of=("self",)).filter(pk=view.pk).first()
    if locked is None:
        raise NotFound("This view is gone: it was deleted meanwhile, or is not shared any more.")
    before = snapshot(locked)
    locked.name, locked.is_shared = wanted["name"], wanted["is_shared"]
    try:
        locked.save(update_fields=["name", "is_shared"])
    except IntegrityError:
        whose = "You have" if view.owner_id == user.pk else f"{view.owner.name} has"
        raise Conflict(f"{whose} a view of this name already.") from None
    if before["is_shared"] or locked.is_shared:
        record_change(locked, before, actor=user)


def name_in(request: HttpRequest) -> str:
    return request.POST.get("name", "").strip()[:LONGEST]


def given(request: HttpRequest) -> dict[str, Any]:
    """What the form says of a view; raises Invalid."""
    name = name_in(request)
    check_text(name, "The name")
    if not name:
        raise Invalid("A view needs a name.")
    return {"name": name, "is_shared": "shared" in request.POST}


@require_POST
def delete_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    view = changeable_view(user_of(request), pk)
    attempt(request, lambda: remove(view, user_of(request)), f"The view “{view.name}” is gone.")
    return HttpResponseRedirect(queue_address())


def remove(view: SavedView, user: User) -> None:
    """Delete it; what colleagues may miss is in the audit log."""
    found = SavedView.objects.select_for_update().filter(pk=view.pk).first()
    if found is not None:
        if found.is_shared:
            record_deletion(found, actor=user)
        found.delete()
