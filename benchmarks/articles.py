"""Articles to search among: one for every hundred tickets, made of what tickets say."""

from typing import Any
from uuid import UUID

import psycopg
from uuid_utils.compat import uuid7

from helpdesk.words import vocabulary

TALES = """
    SELECT t.subject, t.description || E'\\n\\n' || string_agg(r.content, E'\\n\\n' ORDER BY r.created_at, r.id)
    FROM (SELECT * FROM tickets_ticket ORDER BY id LIMIT %s) t JOIN tickets_reply r ON r.ticket_id = t.id
    GROUP BY t.id, t.subject, t.description ORDER BY t.id
"""
ARTICLE = """
    COPY knowledge_base_article (id, category_id, title, slug, content, status, tags, view_count, helpful_count,
        not_helpful_count, approved_at, created_at, updated_at) FROM STDIN
"""
WORDS = "COPY knowledge_base_articlesearch (article_id, title, body) FROM STDIN"


def write_articles(url: str, tickets: int) -> None:
    """Unless they are there already."""
    with psycopg.connect(url) as database:
        if database.execute("SELECT 1 FROM knowledge_base_article LIMIT 1").fetchone():
            return
        category = uuid7()
        database.execute(
            'INSERT INTO knowledge_base_category (id, name, "order", created_at) VALUES (%s, %s, 0, now())',
            [category, "Benchmark"],
        )
        found = database.execute(TALES, [max(tickets // 100, 10)]).fetchall()
        told = [(uuid7(), f"{subject}, case {number}", text) for number, (subject, text) in enumerate(found, 1)]
        copy(database, ARTICLE, [row_of(category, number, *one) for number, one in enumerate(told)])
        copy(database, WORDS, [(key, vocabulary(title), vocabulary(text)) for key, title, text in told])
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE knowledge_base_article, knowledge_base_articlesearch")


def row_of(category: UUID, number: int, key: UUID, title: str, text: str) -> tuple[Any, ...]:
    moment = f"2026-01-01T00:00:00.{number % 1000:03d}Z"
    slug = f"benchmark-{number}"
    return key, category, title, slug, text, "published", "[]", 0, 0, 0, moment, moment, moment


def copy(database: psycopg.Connection[Any], sql: str, rows: list[tuple[Any, ...]]) -> None:
    with database.cursor() as cursor, cursor.copy(sql) as target:
        for row in rows:
            target.write_row(row)
