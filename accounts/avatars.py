"""Pictures of people.

Whatever is uploaded is drawn anew as a small square WebP: nothing of the file itself is kept, neither where a photo was
taken nor what else may hide in it.
"""

import warnings
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from audit.services import record_change, snapshot
from helpdesk.errors import Forbidden, Invalid
from helpdesk.ids import new_id

from .account_settings import UNPROVEN, lock, save
from .avatar_files import discard
from .models import User
from .throttling import Limit, hit

MAX_SIZE = 5 * 1024 * 1024  # bytes
MAX_PIXELS = 40_000_000
# A JPEG is read at a fraction of its size; of others every pixel takes up to 20 bytes, however small the file.
MAX_DECODED = 12_000_000
PICTURES = Limit(30, 60 * 60)
one_at_a_time = Lock()
SIDE = 256  # pixels
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def set_avatar(user: User, *, content: IO[bytes], size: int) -> User:
    """Use a picture; raises Invalid when it is none, or too large (in bytes or pixels)."""
    if user.email_verified_at is None and not user.is_staff:
        raise Forbidden(UNPROVEN)
    if size > MAX_SIZE:
        raise Invalid(avatar=f"Pictures can have {MAX_SIZE // 2**20} MB at most.")
    hit("pictures of", str(user.pk), PICTURES)
    stored = FileSystemStorage().save(f"avatars/{new_id()}.webp", ContentFile(drawn_anew(content)))
    return replace(user, f"{settings.BASE_URL}/portal/avatars/{Path(stored).name}")


def remove_avatar(user: User) -> User:
    return replace(user, None)


def replace(user: User, url: str | None) -> User:
    with transaction.atomic():
        locked = lock(user)
        before = snapshot(locked)
        discard(locked.avatar_url)
        save(locked, {"avatar_url": url})
        if locked.is_staff:  # whose accounts are settings
            record_change(locked, before, actor=user)
    return locked


def drawn_anew(content: IO[bytes]) -> bytes:
    problem = Invalid(avatar="This is no picture we can read. Please choose a JPEG, PNG, WebP or GIF file.")
    content.seek(0)
    try:
        with one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(content, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise problem
                picture.draft("RGB", (SIDE * 2, SIDE * 2))
                if picture.width * picture.height > MAX_DECODED:
                    raise problem
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
                square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        raise problem from None
    written = BytesIO()
    square.save(written, "WEBP", quality=85)
    return written.getvalue()
