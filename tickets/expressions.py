"""SQL that models and lists of tickets share."""

from typing import Any

from django.db import models
from django.db.models import Case, F, Func, When
from django.db.models.functions import Least


class OrFarFuture(Func):
    """A deadline to sort by: rows without one come last. The literal matches the expression indexes."""

    output_field = models.DateTimeField()
    arity = 1
    template = "COALESCE(%(expressions)s, '9999-12-31 00:00:00+00')"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="COALESCE(%(expressions)s, '9999-12-31 00:00:00')", **context)


def next_due() -> OrFarFuture:
    """When the next thing promised for a ticket is due: its first reply while nobody has answered, its resolution or
    its due date, whichever is first. What is done owes nothing. An index has it; workspace.promises says it in words.
    """
    answer = Case(When(first_response_at__isnull=True, then=F("first_response_deadline")))
    promised = Least(OrFarFuture(answer), OrFarFuture(F("sla_deadline")), OrFarFuture(F("due_date")))
    return OrFarFuture(Case(When(resolved_at__isnull=True, then=promised)))
