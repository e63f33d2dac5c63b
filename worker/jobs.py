"""What the worker does for itself."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Failure

from helpdesk.periodic import every

KEPT = timedelta(days=30)
KEPT_OF_ONE_JOB = 50


@every(minutes=60)
def forget_old_failures() -> None:
    """A job that fails every minute shall not fill the database."""
    Failure.objects.filter(stopped__lt=timezone.now() - KEPT).delete()
    for job in Failure.objects.order_by().values_list("name", flat=True).distinct():
        surplus = Failure.objects.filter(name=job).order_by("-stopped").values_list("pk", flat=True)[KEPT_OF_ONE_JOB:]
        Failure.objects.filter(pk__in=list(surplus)).delete()
