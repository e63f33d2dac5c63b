"""One request to the API, from its first byte to its answer: what every view has in common."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from helpdesk.errors import Invalid

from . import errors
from .credentials import Claim, Credential
from .filters import Filter
from .json import json_response
from .lookups import Lookup
from .permissions import READ_METHODS
from .serializers import parse
from .text import check_text
from .writes import body_of, is_multipart, keep, with_retries

FORM_OVERHEAD = 64 * 1024  # bytes of a form besides its file


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


def check_query(request: HttpRequest) -> None:
    for name, texts in request.GET.lists():
        check_text(name, "The query string")
        for text in texts:
            check_text(text, name if name.isidentifier() else "The query string")
