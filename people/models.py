"""Two views of one table: the people who write to us, and those who work here."""

from accounts.models import User


class Contact(User):
    class Meta:
        proxy = True
        verbose_name = "contact"


class Agent(User):
    class Meta:
        proxy = True
        verbose_name = "agent"
