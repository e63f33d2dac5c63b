"""The views every resource is made of.

A view declares what it is about, and each of its methods is three lines: parse, call a verb, respond.

    class CompanyViewSet(ResourceViewSet):
        scope = "users"
        queryset = Company.objects.all()
        serializer_class = CompanySerializer
        filters = (Contains("q", "name"),)
        orders = (newest_first(),)

        def create(self, request):
            return self.created(services.create_company(actor=request.user, **self.parsed()))

        def update(self, request, pk):
            company = services.update_company(self.key(pk), actor=request.user, **self.parsed())
            return self.shown(company.pk)

The kit does the rest: authentication and scopes, one transaction per write, Idempotency-Key, ETag and the
conditions on it, filters, order, cursors, includes, streaming, and the one shape of errors.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import F, Model, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from helpdesk.errors import Forbidden, NotFound

from . import errors, etags
from .credentials import Credential
from .endpoints import ApiViewSet
from .filters import Filter, conditions
from .includes import Include, attach_all, chosen
from .json import CONTENT_TYPE, dumps
from .paging import Listing, Order, choose_order, newest_first
from .permissions import READ_METHODS
from .reads import Param, Statement, compiled
from .serializers import Column, Resource, columns_of

Rows = list[dict[str, Any]]


class ResourceViewSet(ApiViewSet):
    """An endpoint for the rows of a model."""

    serializer_class: ClassVar[type[Resource]]
    queryset: ClassVar[QuerySet]
    orders: ClassVar[tuple[Order, ...]] = (newest_first(),)
    includes: ClassVar[tuple[Include, ...]] = ()
    # Which of the includes a list takes; all unless said otherwise.
    list_includes: ClassVar[tuple[str, ...] | None] = None
    rides: ClassVar[tuple[str, ...]] = ("list", "retrieve")
    wanted: Sequence[Include] = ()
    # URL arguments that narrow the list to a parent, such as {"ticket_id": Ticket}: the parent must be visible.
    parents: ClassVar[dict[str, type[Model]]] = {}

    def list(self, request: Request, **parents: str) -> HttpResponseBase:
        self.require_parents()
        asked = conditions(self.filters_for_caller(), request.GET)
        listed = [i for i in self.includes if self.list_includes is None or i.name in self.list_includes]
        wanted = self.included(listed)

        decorates = wanted or self.is_limited() or self.serializer_class.without_people
        keeps = not self.is_limited() and all(condition.lasting for condition in asked)

        def rows() -> QuerySet:
            narrowed = self.visible()
            for condition in asked:
                narrowed = narrowed.filter(condition.build())
            return narrowed

        return Listing(
            request=request._request,
            shape=(type(self), *(condition.shape for condition in asked)) if keeps else None,
            queryset=rows,
            columns=columns_of(self.serializer_class),
            order=choose_order(self.orders, request.GET.get("sort")),
            values={**parents, **{name: value for c in asked for name, value in c.values.items()}},
            decorate=(lambda page: self.decorate(page, wanted)) if decorates else None,
            lookup=self.lookup,
            afresh=self.is_limited() or not all(condition.alike for condition in asked),
            narrowed=self.is_limited() or any(declared.name in request.GET for declared in self.filters),
        ).respond()

    def filters_for_caller(self) -> Sequence[Filter]:
        """What narrows a list. It may differ by who asks, as far as that is known already (see `lookup`)."""
        return self.filters

    def decorate(self, rows: Rows, wanted: Sequence[Include]) -> None:
        if self.is_limited():
            self.withhold(rows)
        with_people = self.reads_people()
        if self.serializer_class.without_people and not with_people:
            self.serializer_class.without_people(rows)
        attach_all(wanted, rows, with_people=with_people)

    def reads_people(self) -> bool:
        """Once the caller is known: at the latest when there are rows."""
        return "users:read" in self.request.auth.scopes

    def retrieve(self, request: Request, pk: str, **parents: str) -> HttpResponse:
        return self.shown(pk)

    # --- What views say ----------------------------------------------------------------------------

    def shown(self, pk: Any, status: int = 200) -> HttpResponse:
        """The resource as it stands now, with its ETag; what the request asks to include comes with it.

        After a write it is shown even if it has left the caller's sight: they were allowed to send it there.
        """
        row = self.row(pk, everything=self.request.method not in READ_METHODS)
        if row is None:
            raise NotFound
        base = dumps(row)
        wanted = self.included(self.includes)
        attach_all(wanted, [row], with_people=self.reads_people())
        body = dumps(row) if wanted else base
        tag = etags.etag(base, body if wanted else b"")
        if self.request.method in READ_METHODS and etags.is_fresh(self.request._request, tag):
            raise errors.NotModified(tag)
        response = HttpResponse(body, status=status, content_type=CONTENT_TYPE)
        response["ETag"] = tag
        return response

    def included(self, offered: Iterable[Include]) -> Sequence[Include]:
        """What the request asks to include; the scopes it takes are checked as soon as the caller is known."""
        self.wanted = chosen(offered, self.request.GET.get("include"))
        if self.is_caller_known():
            self.check_includes()
        return self.wanted

    def admit(self, request: Request) -> None:
        super().admit(request)
        self.check_includes()

    def check_includes(self) -> None:
        for include in self.wanted:
            if include.scope and f"{include.scope}:read" not in self.request.auth.scopes:
                raise Forbidden(f"include={include.name} needs the scope {include.scope}:read.")

    def created(self, instance: Model) -> HttpResponse:
        return self.shown(instance.pk, 201)

    def found(self, pk: Any, *, lock: bool = False) -> Any:
        """The row behind the URL, if the caller may see it; `lock` keeps others from changing it meanwhile."""
        rows = self.visible(bound=True)
        instance = (rows.select_for_update(of=("self",), no_key=True) if lock else rows).filter(pk=pk).first()
        if instance is None:
            raise NotFound
        return instance

    def in_own_name(self, values: dict[str, Any], field: str = "user_id") -> dict[str, Any]:
        """Signed-in agents write as themselves; keys, and admins, may write for others."""
        if self.is_limited() and values.get(field) not in (None, self.request.user.pk):
            raise Forbidden("You can do this only in your own name.")
        return values

    def key(self, pk: Any) -> UUID:
        """The id in the URL for a verb that locks the row itself and knows what to say when there is none."""
        if self.is_limited():
            self.found(pk)
        return UUID(pk)

    def parent_key(self, name: str) -> UUID:
        """The same for a parent in the URL."""
        if self.is_limited():
            self.visible_parent(self.parents[name], self.kwargs[name])
        return UUID(self.kwargs[name])

    # --- What may be seen --------------------------------------------------------------------------

    def is_caller_known(self) -> bool:
        """Whether the credential has been looked up, or goes along with the first statement."""
        return not (self.lookup and self.lookup.pending)

    def is_limited(self) -> bool:
        """Whether this caller sees only part of the rows."""
        if not self.is_caller_known():
            return False  # an API key, valid or not
        credential: Credential | None = self.request.auth  # type: ignore[assignment]
        return credential is not None and credential.limited

    def sees_all_tickets(self) -> bool:
        """Whether no scope keeps tickets from this caller: a key, an admin, or an agent of the scope `global`."""
        credential: Credential | None = self.request.auth  # type: ignore[assignment]
        return credential is None or not credential.limited or self.request.user.ticket_scope == "global"

    def visible(self, *, bound: bool = False, everything: bool = False) -> QuerySet:
        """The rows of this resource below the parents in the URL that the caller may see, or everything there is.

        With `bound` the parents' ids stand in the query; otherwise it holds a Param for each.
        """
        rows = self.queryset.all()
        for name, parent in self.parents.items():
            rows = rows.filter(**{name: self.kwargs[name] if bound else Param(name, parent._meta.pk)})
        if self.is_limited() and not everything:
            return self.limited_rows(rows)
        return rows

    def limited_rows(self, rows: QuerySet) -> QuerySet:
        """The rows that a signed-in person may see."""
        return rows.visible_to(self.request.user) if hasattr(rows, "visible_to") else rows

    def withhold(self, rows: Rows) -> None:
        """Take out of rows what a signed-in person may not know."""

    def require_parents(self) -> None:
        """A list below something that does not exist, or is hidden, is itself not found."""
        for name, parent in self.parents.items():
            self.visible_parent(parent, self.kwargs[name])

    def visible_parent(self, parent: type[Model], pk: Any) -> None:
        if self.is_limited():
            rows = parent._default_manager.all()
            rows = rows.visible_to(self.request.user) if hasattr(rows, "visible_to") else rows
            exists = rows.filter(pk=pk).exists()
        else:
            exists = (
                compiled.get(("exists", parent), lambda: existence(parent)).fetch_one({"pk": pk}, self.lookup)
                is not None
            )
        if not exists:
            raise NotFound

    def row(self, pk: Any, *, everything: bool = False) -> dict[str, Any] | None:
        limited = self.is_limited() and not everything

        def build() -> Statement:
            rows = self.visible(everything=everything).filter(pk=Param("pk", self.queryset.model._meta.pk)).order_by()
            return Statement(rows, columns_of(self.serializer_class))

        values = {**{name: self.kwargs[name] for name in self.parents}, "pk": pk}
        statement = build() if limited else compiled.get((type(self), "row"), build)
        row = statement.fetch_one(values, self.lookup)
        if row is not None and self.is_limited():
            self.withhold([row])
        return row

    def check_precondition(self) -> None:
        """If-Match on PATCH and DELETE: the row is locked, then compared with what the client has seen."""
        header = self.request.META.get("HTTP_IF_MATCH")
        if not header or self.request.method not in ("PATCH", "DELETE") or "pk" not in self.kwargs:
            return
        self.found(self.kwargs["pk"], lock=True)
        row = self.row(self.kwargs["pk"])
        if row is None:
            raise NotFound
        if not etags.same_base(header, etags.etag(dumps(row))):
            raise errors.PreconditionFailed


def existence(model: type[Model]) -> Statement:
    """The question whether a row with a given primary key exists."""
    key = model._meta.pk
    return Statement(model._default_manager.filter(pk=Param("pk", key)).order_by(), [Column("id", F("pk"), None)])
