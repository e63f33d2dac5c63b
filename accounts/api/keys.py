"""API keys over HTTP."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.keys import issue_api_key, revoke_api_key
from accounts.models import ApiKey
from helpdesk.api.endpoints import ApiViewSet
from helpdesk.api.errors import MissingCredentials, error_response
from helpdesk.api.json import json_response, loads
from helpdesk.api.paging import by_name
from helpdesk.api.views import ResourceViewSet

from .authentication import KeyCredential
from .serializers import ApiKeySerializer, IssuedApiKeySerializer, NewApiKeySerializer, VerifiedKeySerializer

ONCE = "Store this API key now: it is shown only once."


class ApiKeyViewSet(ResourceViewSet):
    """Credentials for the API."""

    scope = None
    admin = "always"
    queryset = ApiKey.objects.all()
    orders = (by_name("name"),)
    serializer_class = ApiKeySerializer
    bodies = {"create": NewApiKeySerializer}
    answers = {"create": IssuedApiKeySerializer}

    def create(self, request: Request) -> HttpResponse:
        """Create a key; the answer is the only place where it is ever shown."""
        key, secret = issue_api_key(
            owner=request.user, actor=request.user, granted=request.auth.scopes, **self.parsed()
        )
        shown = loads(self.shown(key.pk).content)
        return json_response({**shown, "key": secret, "message": ONCE}, 201)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Revoke a key."""
        revoke_api_key(self.key(pk), actor=request.user)
        return self.no_content()


class VerifyKeyViewSet(ApiViewSet):
    """Tells whether an API key is valid."""

    scope = None
    bodies = {"verify": None}
    answers = {"verify": VerifiedKeySerializer}

    def verify(self, request: Request) -> HttpResponse:
        """Check the key in the request's own header."""
        if not isinstance(request.auth, KeyCredential):
            raise MissingCredentials
        owner = {"id": str(request.user.pk), "name": request.user.name, "role": request.user.role}
        scopes = sorted(request.auth.scopes)
        return self.answer(
            {"valid": True, "keyId": str(request.auth.id), "name": request.auth.name, "scopes": scopes, "user": owner}
        )

    def handle_exception(self, exc: Exception) -> HttpResponse:
        response = super().handle_exception(exc)
        if response.status_code != 401:
            return response
        refused = error_response(401, MissingCredentials.sentence, valid=False)
        refused["WWW-Authenticate"] = response["WWW-Authenticate"]
        return refused
