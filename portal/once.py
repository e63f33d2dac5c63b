"""Forms that are sent twice – a second click, a reload, a bad network – and count once.

A form carries a token, which is used up in the transaction of what the form asks for: whoever comes second is told
that the first one arrived, and when that one failed, the second one counts. It is the same form only with the same
words and files: who changed something while the first one was still on its way has said something new.
"""

from hashlib import sha256

from django.http import HttpRequest

from accounts.models import User
from accounts.throttling import Limit, hit
from helpdesk.errors import Conflict, TooManyAttempts
from helpdesk.ids import new_id

ONCE = Limit(1, 24 * 60 * 60)
NOT_SAID = ("csrfmiddlewaretoken", "once")


class SentAlready(Conflict):
    sentence = "This has been sent already."


def token_for(request: HttpRequest) -> str:
    """The token of a form that was refused and is shown again, or a new one."""
    return token_in(request) or str(new_id())


def token_in(request: HttpRequest) -> str:
    return request.POST.get("once", "")[:50].replace("\x00", "")


def use_up(request: HttpRequest, what: str, user: User) -> None:
    """Inside the transaction; raises SentAlready. A form without a token always comes for the first time."""
    if token := token_in(request):
        try:
            hit(what, f"{user.pk} {token} {request.path} {digest_of(request)}", ONCE)
        except TooManyAttempts:
            raise SentAlready from None


def digest_of(request: HttpRequest) -> str:
    """What a form says, with its files, as a short text that is the same for the same form alone."""
    digest = sha256()
    said = [(name, request.POST.getlist(name)) for name in sorted(request.POST) if name not in NOT_SAID]
    digest.update(repr(said).encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            # repr keeps the ends of names, and the size the end of each file: nothing can pass for something else.
            digest.update(repr((name, file.name, file.size)).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()
