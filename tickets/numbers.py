"""Ticket numbers: unique and increasing, without a race. A rolled-back ticket leaves a gap."""

from django.db import connection

FROM_SEQUENCE = "SELECT nextval('tickets_ticket_number') FROM generate_series(1, %s)"
FROM_COUNTER = """
    INSERT INTO tickets_ticketcounter (id, value) VALUES (1, %s)
    ON CONFLICT (id) DO UPDATE SET value = value + excluded.value RETURNING value
"""


def take_numbers(count: int) -> list[int]:
    """The next `count` ticket numbers, ascending; call it inside the transaction that uses them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FROM_SEQUENCE, [count])
            return [number for (number,) in cursor.fetchall()]
        cursor.execute(FROM_COUNTER, [count])
        (last,) = cursor.fetchone()
        return list(range(last - count + 1, last + 1))


def next_number() -> int:
    return take_numbers(1)[0]
