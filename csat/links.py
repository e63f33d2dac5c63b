"""The link by which a customer answers: signed, for one survey, and good for some days."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from helpdesk.errors import Invalid

SALT = "csat.answer"
TOO_LATE = "This link is no longer valid."


def token_for(survey: UUID) -> str:
    return signing.dumps(str(survey), salt=SALT)


def link_for(survey: UUID) -> str:
    return f"{settings.BASE_URL}/portal/survey/{token_for(survey)}"


def survey_of(token: str) -> UUID:
    """The id of the survey a link is for; raises Invalid when it is forged or too old."""
    try:
        return UUID(signing.loads(token, salt=SALT, max_age=timedelta(days=settings.CSAT_DAYS)))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise Invalid(TOO_LATE) from None
