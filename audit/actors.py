"""Whoever has ever changed anything, however much was changed."""

from uuid import UUID

from django.db import connection

# From one actor to the next along the index of actors: as many steps as there are people, not as there are entries.
ACTORS = """
    WITH RECURSIVE actors (id) AS (
        SELECT (SELECT actor_id FROM audit_entry WHERE actor_id IS NOT NULL ORDER BY actor_id LIMIT 1)
        UNION ALL
        SELECT (SELECT actor_id FROM audit_entry WHERE actor_id > actors.id ORDER BY actor_id LIMIT 1)
        FROM actors WHERE actors.id IS NOT NULL
    )
    SELECT actors.id, (
        SELECT actor_name FROM audit_entry WHERE actor_id = actors.id ORDER BY created_at DESC, id DESC LIMIT 1
    )
    FROM actors WHERE actors.id IS NOT NULL
"""


def names_of_actors() -> list[tuple[UUID, str]]:
    """Each by the name of their last act: somebody may have married."""
    with connection.cursor() as cursor:
        cursor.execute(ACTORS)
        return [(UUID(str(key)), name) for key, name in cursor.fetchall()]
