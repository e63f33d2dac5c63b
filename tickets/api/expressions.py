"""Attributes of tickets that the database puts together."""

from typing import Any

from django.db import models
from django.db.models import Func

from helpdesk.api.sqltext import UUID_IN_SQLITE


class LinkedIds(Func):
    """The ids of the linked tickets as a JSON array, for the id of a ticket."""

    output_field = models.TextField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Few tickets have links: asking whether there are any first spares most rows the aggregate. OFFSET 0 keeps
        # the planner from reading the whole table of links for a page of 50 (it does not think of the LIMIT).
        links = "FROM tickets_ticketlink l WHERE l.ticket_id = %(expressions)s"
        template = (
            f"CASE WHEN EXISTS (SELECT 1 {links} OFFSET 0)"
            f" THEN (SELECT json_agg(l.linked_id ORDER BY l.linked_id)::text {links}) ELSE '[]' END"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        linked = UUID_IN_SQLITE % {"expressions": "l.linked_id"}
        template = (
            f"(SELECT json_group_array({linked}) FROM (SELECT linked_id FROM tickets_ticketlink"
            " WHERE ticket_id = %(expressions)s ORDER BY linked_id) l)"
        )
        return self.as_sql(compiler, connection, template=template, **context)


class AttachmentUrl(Func):
    """Where an attachment is downloaded, for the text of its id."""

    output_field = models.TextField()
    arity = 1
    template = "('/api/attachments/' || %(expressions)s || '/content')"
