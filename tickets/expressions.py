"""SQL that models and lists of tickets share."""

from typing import Any

from django.db import models
from django.db.models import Func


class OrFarFuture(Func):
    """A deadline to sort by: rows without one come last. The literal matches the expression indexes."""

    output_field = models.DateTimeField()
    arity = 1
    template = "COALESCE(%(expressions)s, '9999-12-31 00:00:00+00')"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="COALESCE(%(expressions)s, '9999-12-31 00:00:00')", **context)
