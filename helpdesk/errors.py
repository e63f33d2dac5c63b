"""The plain exceptions of the domain: what went wrong, in words, without any idea of HTTP.

Verbs raise them; each door translates them once (the API in helpdesk/api/errors.py). The sentence of an
exception is shown to users as it stands, so it never names a table, a class or a path on disk.
"""


class HelpDeskError(Exception):
    """Any refusal that the caller is meant to read."""

    sentence = "The request could not be carried out."

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or self.sentence
        super().__init__(self.sentence)


class Invalid(HelpDeskError):
    """Input that breaks a rule; `details` maps the field (snake_case) to its messages.

    >>> Invalid(customer_id="No active user has this id.").details
    {'customer_id': ['No active user has this id.']}
    """

    def __init__(self, sentence: str | None = None, /, **fields: str | list[str]) -> None:
        self.details = {name: [text] if isinstance(text, str) else text for name, text in fields.items()}
        if sentence is None and self.details:
            sentence = next(iter(self.details.values()))[0]
        super().__init__(sentence)


class NotFound(HelpDeskError):
    """What was asked for does not exist, or must look as if it did not."""

    sentence = "Not found."


class Forbidden(HelpDeskError):
    """The caller is known and may not do this."""

    sentence = "You may not do this."


class Conflict(HelpDeskError):
    """The state of things does not allow it now, or somebody else was first."""

    sentence = "This conflicts with the current state."


class SignInFailed(HelpDeskError):
    """Credentials that do not open an account; the sentence never says why."""

    sentence = "Invalid email or password"


class TooManyAttempts(HelpDeskError):
    """A throttle is in force; `retry_after` is in seconds."""

    sentence = "Too many attempts. Please try again later."

    def __init__(self, retry_after: int, sentence: str | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
