"""A caller of the API, as tests see one."""

from typing import Any

import orjson
from django.test import Client


class ApiClient(Client):
    """Sends JSON with a key, and reads answers as JSON whether they came whole or streamed.

    >>> api.post("/api/tickets", {"subject": "…"}).json()
    """

    def __init__(self, key: str | None = None, **options: Any) -> None:
        credentials = {"Authorization": f"ApiKey {key}"} if key else {}
        super().__init__(enforce_csrf_checks=True, headers={**credentials, **options.pop("headers", {})}, **options)

    def request(self, **environment: Any) -> Any:
        response = super().request(**environment)
        response.json = lambda: orjson.loads(response.getvalue())
        return response

    def post(self, path: str, data: Any = None, content_type: str = "application/json", **options: Any) -> Any:
        return super().post(path, {} if data is None else data, content_type=content_type, **options)

    def patch(self, path: str, data: Any = None, content_type: str = "application/json", **options: Any) -> Any:
        return super().patch(path, {} if data is None else data, content_type=content_type, **options)
