"""The OpenAPI description, read off the views: what they declare is what is documented."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.serializers import ListSerializer, Serializer

from . import fields
from .naming import camel
from .permissions import needed_scope, needs_admin
from .serializers import Body

WRITES = ("POST", "PATCH", "DELETE")
REFUSALS = {
    400: "The request is not valid; `details` names the fields.",
    401: "Invalid or missing API key.",
    403: "The key lacks the scope, or its owner the right.",
    404: "There is no such resource.",
    409: "The current state does not allow it, or somebody else was first.",
    412: "`If-Match` names an older version.",
    413: "The request body is too large.",
    415: "The content type is not supported.",
    422: "The `Idempotency-Key` was used with another body.",
    429: "Too many requests; see `Retry-After`.",
}
# What people look for first comes first.
TAGS = {name: place for place, name in enumerate(("Tickets", "Users", "Companies", "Portal", "API keys"))}
SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearer": []}, {"header": []}]
SECURITY_SCHEMES = {
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`ApiKey YOUR_API_KEY`",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "The API key as a bearer token."},
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}


class ErrorSerializer(Body):
    """Every refusal: one sentence, and for invalid input the messages by field."""

    error = fields.Text(help_text="One plain sentence.")
    details = fields.JsonObject(required=False, help_text="Messages by field name.")


class ComputedSchema(OpenApiSerializerFieldExtension):
    target_class = fields.Computed

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        return dict(self.target.schema)


class DocumentedSchema(AutoSchema):
    """Describes an operation from the view's declarations."""

    @property
    def action(self) -> str:
        return getattr(self.view, "action", "")

    def get_tags(self) -> list[str]:
        words = self._tokenize_path()[0].replace("-", " ").capitalize()
        return [words.replace("Api", "API")]

    def get_operation_id(self) -> str:
        words = [part for part in self.path.removeprefix("/api/").split("/") if part and not part.startswith("{")]
        return "_".join([self.action or self.method.lower(), *words]).replace("-", "_")

    def get_summary(self) -> str:
        if self.action == "list":
            return f"List {self.view.queryset.model._meta.verbose_name_plural}"
        if self.action == "retrieve":
            return f"Get one of the {self.view.queryset.model._meta.verbose_name_plural}"
        return (getattr(type(self.view), self.action).__doc__ or "").strip().split("\n")[0].rstrip(".")

    def get_description(self) -> str:
        if self.view.public:
            return "Needs no API key."
        scope = needed_scope(self.view, self.method)
        text = f"Scope: `{scope}`." if scope else "Any valid API key."
        if needs_admin(self.view, self.method):
            text += " The key's owner must be an admin."
        own = getattr(type(self.view), self.action, None)
        more = (own.__doc__ or "").strip().partition("\n")[2].strip() if own and self.action != "list" else ""
        return f"{more}\n\n{text}" if more else text

    def get_examples(self) -> list[OpenApiExample]:
        """The example of the body, and that of the answer; each serializer carries its own."""
        found = []
        asked, (status, given) = self.get_request_serializer(), self.success()
        if asked is not None and (body := example_of(asked, writable=True)):
            found.append(OpenApiExample("Request", body, request_only=True))
        shown = given.child.__class__ if isinstance(given, ListSerializer) else given
        if isinstance(shown, type) and (answer := example_of(shown)):
            found.append(OpenApiExample("Answer", answer, response_only=True, status_codes=[str(status)]))
        return found

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [] if self.view.public else SECURITY

    def get_request_serializer(self) -> Any:
        if self.method not in ("POST", "PATCH"):
            return None
        return self.view.bodies.get(self.action, getattr(self.view, "serializer_class", None))

    def get_response_serializers(self) -> Any:
        status, success = self.success()
        return {status: success, **{code: self.refusal(code) for code in self.refusals()}}

    def success(self) -> tuple[int | tuple[int, str], Any]:
        resource = self.view.answers.get(self.action, getattr(self.view, "serializer_class", None))
        if self.method == "DELETE":
            return 204, OpenApiResponse(description="Done.")
        if isinstance(resource, str):  # the content type of a file
            return (200, resource), OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
        if resource is bytes:
            return 200, OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
        if self.action == "list":
            return 200, resource(many=True)
        return (201 if self.action in ("create", *getattr(self.view, "creates", ())) else 200), resource

    def refusals(self) -> list[int]:
        codes = [400]
        if not self.view.public:
            codes += [401, 403]
        if "{" in self.path:
            codes.append(404)
        if self.method in WRITES:
            codes += [409, 413, 415]
        if self.method in ("PATCH", "DELETE"):
            codes.append(412)
        if self.method == "POST" and not self.view.public:
            codes.append(422)
        return [*codes, 429]

    def refusal(self, code: int) -> OpenApiResponse:
        sentence = REFUSALS[code].partition(";")[0].rstrip(".") + "."
        example = OpenApiExample("Refusal", {"error": sentence}, response_only=True, status_codes=[str(code)])
        return OpenApiResponse(ErrorSerializer, description=REFUSALS[code], examples=[example])

    def get_override_parameters(self) -> list[OpenApiParameter]:
        found = []
        if self.action == "list":
            found += [self.query(f.name, f.description, f.schema()) for f in self.view.filters]
            found += self.list_parameters()
        if self.action in ("list", "retrieve") and (names := self.include_names()):
            found.append(self.query("include", f"Adds related resources; commas between: {', '.join(names)}."))
        if self.method == "POST" and not self.view.public:
            found.append(self.header("Idempotency-Key", "A retry with the same key gets the first answer again."))
        if self.method in ("PATCH", "DELETE"):
            found.append(self.header("If-Match", "Only if the resource still has this `ETag`."))
        if self.action == "retrieve":
            found.append(self.header("If-None-Match", "304 if the resource still has this `ETag`."))
        return found

    def list_parameters(self) -> list[OpenApiParameter]:
        orders = [order.name for order in self.view.orders]
        found = [
            self.query("limit", "At most this many; everything without it.", {"type": "integer", "minimum": 1}),
            self.query("cursor", "Where to go on: taken from the `Link` header of the page before."),
        ]
        if len(orders) > 1:
            found.append(self.query("sort", f"Order; {orders[0]} by default.", {"type": "string", "enum": orders}))
        return found

    def include_names(self) -> list[str]:
        allowed = getattr(self.view, "list_includes", None) if self.action == "list" else None
        includes = getattr(self.view, "includes", ())
        return [include.name for include in includes if allowed is None or include.name in allowed]

    def query(self, name: str, description: str, schema: dict[str, Any] | None = None) -> OpenApiParameter:
        return OpenApiParameter(name, schema or {"type": "string"}, OpenApiParameter.QUERY, description=description)

    def header(self, name: str, description: str) -> OpenApiParameter:
        return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


def example_of(serializer: type[Serializer], *, writable: bool = False) -> dict[str, Any]:
    """The example a serializer carries, cut down to what it has, or to what a client may send."""
    example = getattr(serializer, "example", {})
    declared = serializer().fields
    return {
        name: value
        for name, value in example.items()
        if name in declared and not (writable and declared[name].read_only)
    }


def finish(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """The parts of the document that no single view knows."""
    result.setdefault("components", {})["securitySchemes"] = SECURITY_SCHEMES
    used = {tag for methods in result["paths"].values() for operation in methods.values() for tag in operation["tags"]}
    result["tags"] = [{"name": tag} for tag in sorted(used, key=lambda tag: (TAGS.get(tag, len(TAGS)), tag))]
    result["paths"] = {
        re.sub(r"{(\w+)}", lambda found: f"{{{camel(found[1])}}}", path): renamed(methods)
        for path, methods in result["paths"].items()
    }
    return result


def renamed(methods: dict[str, Any]) -> dict[str, Any]:
    """Path parameters in camelCase, like every other name."""
    for operation in methods.values():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                parameter["name"] = camel(parameter["name"])
    return methods
