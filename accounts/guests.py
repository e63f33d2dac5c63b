"""People who write to us before they have an account."""

from django.db import transaction
from django.utils import timezone

from companies.lookup import company_id_for
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk.errors import Conflict
from helpdesk.ids import new_id

from .emails import matching_key
from .models import User
from .portal_accounts import insert_with_free_username
from .services import hashed_password
from .signals import user_saved


def contact_of(email: str, *, name: str) -> User:
    """The person with this address, as they are known; a new contact without a password, if they are not.

    Whoever calls has made sure that the address is theirs.
    """
    key = matching_key(email)
    known = User.objects.select_related("merged_into").filter(email_key=key).first()
    if known is not None:
        return known.merged_into or known
    now = timezone.now()
    user = User(
        id=new_id(),
        email=email,
        email_key=key,
        name=name.strip() or email,
        password=hashed_password(None),
        company_id=company_id_for(email),
        custom_fields=merge_values(EntityType.CONTACT, {}, {}, defaults=True),
        created_at=now,
        updated_at=now,
    )
    try:
        with transaction.atomic():
            insert_with_free_username(user, email.partition("@")[0])
    except Conflict:  # somebody else was faster
        return User.objects.get(email_key=key)
    user_saved.send(User, user=user, actor=None, created=True, changes={})
    return user
