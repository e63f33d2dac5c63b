"""What the customers of the demo say about the help they got."""

from random import Random

from .ids import id_at, text_of
from .rhythm import DAY, HOUR
from .writers import Row

SURVEY_COLUMNS = (
    "id", "ticket_id", "resolved_at", "customer_id", "agent_id", "rating", "feedback", "sent_at", "responded_at",
    "created_at",
)  # fmt: skip
ASKED_SINCE = 90 * DAY  # surveys were turned on that long ago
RATINGS = (5, 5, 5, 5, 4, 4, 4, 3, 2, 1)
WORDS = {
    5: ("Quick and friendly, thank you!", "Exactly what I needed.", None, None),
    4: ("Good help, it just took a little.", None, None, None),
    3: ("It works now, but I had to ask twice.", None),
    2: ("Took too long.", "I still do not know what the cause was."),
    1: ("Nobody read what I wrote.", "Too slow for something this urgent."),
}


def survey(ticket: str, customer: str, agent: str | None, resolved: int, end: int) -> Row | None:
    """The survey about a resolution, answered by two of five; none where surveys were not asked for yet."""
    if resolved < end - ASKED_SINCE:
        return None
    # A source of its own: whether surveys are told changes nothing else in the story.
    random = Random(f"{ticket} {resolved}")
    rating = random.choice(RATINGS)
    said = random.choice(WORDS[rating])
    answered = resolved + random.randrange(HOUR, 3 * DAY)
    key, moment = id_at(resolved, random, order=0xFFF), text_of(resolved)
    if random.random() < 0.4 and answered < end:
        return (key, ticket, moment, customer, agent, rating, said, moment, text_of(answered), moment)
    return (key, ticket, moment, customer, agent, None, None, moment, None, moment)
