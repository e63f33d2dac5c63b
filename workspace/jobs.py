"""What the worker tidies up for the pages."""

from datetime import timedelta

from django.utils import timezone

from helpdesk.periodic import every

from .models import Presence


@every(minutes=60)
def forget_presence() -> None:
    """Who looked at what is nobody's business once they have left."""
    Presence.objects.filter(seen_at__lt=timezone.now() - timedelta(hours=1)).delete()
