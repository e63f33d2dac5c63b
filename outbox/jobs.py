"""What the worker does for mails. Any number of workers may run it, and stop anywhere."""

from django.utils import timezone

from helpdesk.periodic import every

from . import delivery, services


@every(minutes=1)
def send_due_mail() -> None:
    delivery.send_due()


@every(minutes=24 * 60)
def forget_old_mail() -> None:
    services.forget_old(timezone.now())
