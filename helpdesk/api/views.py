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

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from helpdesk.errors import Forbidden, Invalid, NotFound

from . import errors, etags
from .credentials import Claim, Credential
from .filters import Filter, conditions
from .includes import Include, attach_all, chosen
from .json import CONTENT_TYPE, dumps, json_response
from .lookups import Lookup
from .paging import Listing, Order, choose_order, newest_first
from .permissions import READ_METHODS
from .reads import Param, Statement, compiled
from .serializers import Column, Resource, columns_of, parse
from .text import check_text

ATTEMPTS = 4
# PostgreSQL: deadlock detected, serialization failure, and a reference to what was deleted meanwhile.
GIVE_WAY = ("40P01", "40001", "23503")
FORM_OVERHEAD = 64 * 1024  # bytes of a form besides its file
KEPT_HEADERS = ("Content-Type", "ETag", "Location")


class ApiViewSet(GenericViewSet):
    """An endpoint of the API without a model behind it."""

    # Which scope it takes: "tickets", "users" or "kb"; None where any credential will do.
    scope: ClassVar[str | None]
    # Who may call it: anybody, even without credentials (public); only admins, for writes or always.
    public: ClassVar[bool] = False
    admin: ClassVar[str | None] = None
    # Actions that only read although they are a POST.
    read_actions: ClassVar[tuple[str, ...]] = ()
    # Verbs that open transactions themselves, because they hash passwords or must commit in steps.
    atomic: ClassVar[bool] = True
    http_method_names: ClassVar[list[str]] = ["get", "post", "patch", "delete", "head"]
    # Actions that find out who asks together with what is asked for: they must pass `self.lookup` on.
    rides: ClassVar[tuple[str, ...]] = ()
    lookup: Lookup | None = None
    # What an action takes and gives, where that is not the resource itself; None: no body.
    bodies: ClassVar[dict[str, type[Serializer] | None]] = {}
    answers: ClassVar[dict[str, Any]] = {}
    filters: ClassVar[tuple[Filter, ...]] = ()
    filter_backends: ClassVar[list[Any]] = []

    # --- One request -------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.request = wrapped = self.initialize_request(request, *args, **kwargs)
        try:
            check_query(request)
            self.lookup = self.open_lookup(wrapped)
            handler = self.handler_for(wrapped)
            if self.lookup is None:
                self.admit(wrapped)
            response = handler(wrapped, *args, **kwargs) if request.method in READ_METHODS else self.write(handler)
            self.settle_lookup()
        except Exception as problem:  # every failure becomes an answer in the documented shape
            response = self.handle_exception(self.more_urgent(problem))
        if response.status_code == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def admit(self, request: Request) -> None:
        """Let the caller in, or raise the refusal."""
        self.perform_authentication(request)
        self.check_permissions(request)
        self.check_throttles(request)

    def open_lookup(self, request: Request) -> Lookup | None:
        """The question about the caller's key, where it can be asked together with the rows."""
        if self.action not in self.rides or request.method != "GET" or connection.vendor != "postgresql":
            return None
        for authentication in self.authentication_classes:
            if lookup := getattr(authentication, "lookup", None):
                return lookup(request, lambda: self.admit(request))
        return None

    def settle_lookup(self) -> None:
        if self.lookup:
            self.lookup.ask()

    def more_urgent(self, problem: Exception) -> Exception:
        """Who may not come in is told so, and nothing about what else was wrong."""
        try:
            self.settle_lookup()
        except Exception as refusal:  # the answer, instead of the problem
            return refusal
        return problem

    def handler_for(self, request: Request) -> Callable[..., HttpResponseBase]:
        """The method that answers; who may not come in learns nothing about methods."""
        name = (request.method or "").lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        if handler is None:
            if not self.public and request.auth is None:
                raise errors.MissingCredentials
            raise MethodNotAllowed(request.method or "")
        return handler

    def write(self, handler: Callable[..., HttpResponseBase]) -> HttpResponseBase:
        """Run a write in one transaction; with an Idempotency-Key, keep its answer in the same one."""
        # The whole body first: nobody's slow line may hold a lock.
        self.read_body()
        claim = self.begin_replay()
        if isinstance(claim, HttpResponse):
            return claim
        try:
            self.prepare()
            response = (
                with_retries(lambda: self.attempt(handler, claim)) if self.atomic else self.attempt(handler, claim)
            )
        except Exception as problem:  # answered like any other, once the claim is settled
            response = self.handle_exception(problem)
            # What asks to try again must not be replayed to whoever does.
            if claim and response.status_code < 500 and not isinstance(problem, IntegrityError):
                keep(claim, response)
            elif claim:
                claim.release()
        return response

    def read_body(self) -> None:
        """Read and parse the body; raises what is wrong with it."""
        length = self.request.META.get("CONTENT_LENGTH") or "0"
        if is_multipart(self.request) and int(length) > settings.ATTACHMENT_MAX_SIZE + FORM_OVERHEAD:
            raise RequestDataTooBig
        _ = self.request.data

    def prepare(self) -> None:
        """Work that takes long and needs no lock, such as hashing a password; before the transaction begins."""

    def attempt(self, handler: Callable[..., HttpResponseBase], claim: Claim | None) -> HttpResponseBase:
        with transaction.atomic() if self.atomic else nullcontext():
            self.check_precondition()
            response = handler(self.request, *self.args, **self.kwargs)
            if claim:
                keep(claim, response)
            return response

    def begin_replay(self) -> Claim | HttpResponse | None:
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY")
        credential: Credential | None = self.request.auth  # type: ignore[assignment]
        if not key or self.request.method != "POST" or credential is None:
            return None
        if len(key) > 255 or not key.isprintable() or not key.isascii():
            raise Invalid("Idempotency-Key must be at most 255 printable ASCII characters.")
        found = credential.replays.begin(f"POST {self.request._request.path_info}", key, body_of(self.request))
        if not hasattr(found, "body"):
            return found
        response = HttpResponse(found.body, status=found.status)
        for name, value in found.headers.items():
            response[name] = value
        response["Idempotent-Replayed"] = "true"
        return response

    def check_precondition(self) -> None:
        """Nothing to hold a condition against; resources override it."""

    def handle_exception(self, exc: Exception) -> HttpResponse:
        return errors.handle(exc, {"view": self, "request": self.request})

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return None  # there is only JSON

    # --- What views say ----------------------------------------------------------------------------

    def parsed(self) -> dict[str, Any]:
        """The checked body of the request, in snake_case; of a PATCH only what was sent."""
        serializer: Any = self.bodies.get(self.action, self.serializer_class)
        return parse(serializer, self.request.data, partial=self.request.method == "PATCH")

    def answer(self, data: Any, status: int = 200) -> HttpResponse:
        return json_response(data, status)

    def no_content(self) -> HttpResponse:
        return HttpResponse(status=204)


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
        asked = conditions(self.filters, request.GET)
        listed = [i for i in self.includes if self.list_includes is None or i.name in self.list_includes]
        wanted = self.included(listed)

        def rows() -> QuerySet:
            narrowed = self.visible()
            for condition in asked:
                narrowed = narrowed.filter(condition.build())
            return narrowed

        return Listing(
            request=request._request,
            shape=None if self.is_limited() else (type(self), *(condition.shape for condition in asked)),
            queryset=rows,
            columns=columns_of(self.serializer_class),
            order=choose_order(self.orders, request.GET.get("sort")),
            values={**parents, **{name: value for c in asked for name, value in c.values.items()}},
            decorate=(lambda page: attach_all(wanted, page)) if wanted else None,
            lookup=self.lookup,
        ).respond()

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
        attach_all(wanted, [row])
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
        if not (self.lookup and self.lookup.pending):
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
        instance = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=pk).first()
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

    def is_limited(self) -> bool:
        """Whether this caller sees only part of the rows."""
        if self.lookup and self.lookup.pending:
            return False  # an API key, valid or not
        credential: Credential | None = self.request.auth  # type: ignore[assignment]
        return credential is not None and credential.limited

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
        return statement.fetch_one(values, self.lookup)

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


def keep(claim: Claim, response: HttpResponseBase) -> None:
    if isinstance(response, HttpResponse):
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        claim.finish(response.status_code, headers, response.content)
    else:  # a streamed answer is no thing to keep
        claim.release()


def with_retries(attempt: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Run a transaction again when the database chose it to give way to another (deadlock, serialisation)."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except (OperationalError, IntegrityError) as problem:
            if getattr(problem.__cause__, "sqlstate", None) not in GIVE_WAY:
                raise
    return attempt()


def is_multipart(request: Request) -> bool:
    return (request.content_type or "").startswith("multipart/")


def body_of(request: Request) -> bytes:
    """The bytes that make two requests the same; of a form, its fields and a digest of each file."""
    if not is_multipart(request):
        return request._request.body
    parts = [[name, request.POST.getlist(name)] for name in sorted(request.POST)]
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            digest = sha256()
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
            parts.append([name, file.name, digest.hexdigest()])
    return dumps(parts)


def check_query(request: HttpRequest) -> None:
    for name, texts in request.GET.lists():
        check_text(name, "The query string")
        for text in texts:
            check_text(text, name if name.isidentifier() else "The query string")
