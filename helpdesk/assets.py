"""Style sheets, scripts, fonts and pictures have addresses that change with their content: browsers keep them for good.

Otherwise every page of an agent would ask the server about some thirty files again. The mark is of all files and
stands before the path, so that what files say of each other (`url(…)`, `import "./…"`) leads to the same version.
"""

from functools import cache
from hashlib import sha256

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

PREFIX = "/assets/"
FOR_GOOD = "max-age=315360000, public, immutable"


class MarkedAssets(StaticFilesStorage):
    """What `{% static %}` and the media of forms ask for addresses."""

    def url(self, name: str | None) -> str:
        # While somebody works on the files, each page asks for them anew.
        return super().url(name) if settings.DEBUG else f"{PREFIX}{mark()}/{name}"


class AssetsMiddleware(WhiteNoiseMiddleware):
    """Serves `/assets/<mark>/…` from where assets lie, and `/static/…` for whoever knows a file by its name."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        marked_as, name = parts(request.path_info)
        if name:
            request.path_info = f"{self.static_prefix}{name}"
        response: HttpResponseBase = super().__call__(request)
        if name and response.status_code in (200, 206, 304):
            # An old page, or one of a server that is a version ahead, gets what there is, but must not keep it.
            response["Cache-Control"] = FOR_GOOD if marked_as == mark() else "no-store"
        return response


@cache
def mark() -> str:
    """Of the content of all assets; the same on every server of an installation."""
    found = sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list(None), key=lambda file: file[0]):
            found.update(f"\0{path}\0".encode())
            with storage.open(path) as file:
                found.update(file.read())
    return found.hexdigest()[:10]


def parts(path: str) -> tuple[str, str]:
    """The mark and the name in such an address; both empty in another."""
    if not path.startswith(PREFIX):
        return "", ""
    marked_as, _, name = path.removeprefix(PREFIX).partition("/")
    return marked_as, name
