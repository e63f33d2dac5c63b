"""Search: the same words find the same things on every database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from accounts.services import update_user
from helpdesk.api.search import Sample
from helpdesk.words import asked_words, words_of
from knowledge_base.services import create_article, update_article
from tests.client import ApiClient
from tests.factories import CategoryFactory, TicketFactory, UserFactory
from tickets.merging import merge_tickets
from tickets.models import Ticket, TicketSearch
from tickets.searching import MAX_INTERNAL, MAX_PUBLIC, matching, refill
from tickets.services import add_note, add_reply, create_ticket, delete_ticket, update_ticket

pytestmark = pytest.mark.django_db

# A text, a query, and whether it finds the text.
WORDS = [
    ("Der Überfall", "überfall", True),
    ("Der Überfall", "uberfall", True),
    ("Der Überfall", "UBERFALL", True),
    ("Uberfall", "ÜBERFALL", True),
    ("Der U\u0308berfall", "überfall", True),
    ("Große Straße", "strasse", True),
    ("STRASSE", "straße", True),
    ("Crème brûlée", "creme brulee", True),
    ("naïve café", "cafe naive", True),
    ("İstanbul ISTANBUL", "istanbul", True),
    ("fiancé", "fiance\u0301", True),
    ("Invoices are late", "invoice", True),
    ("Invoices are late", "inv lat", True),
    ("Invoices are late", "voices", False),
    ("Invoices are late", "invoice early", False),
    ("invoice", "invoices", False),
    ("order 12", "12", True),
    ("order 120", "12", False),
    ("order A-1234", "a-1234", True),
    ("order A-1234", "1234", True),
    ("serial HX-12", "hx-99", False),
    ("Write to john.doe@example.com", "john.doe@example.com", True),
    ("Write to john.doe@example.com", "doe@exam", True),
    ("see https://a.example/path?x=1", "https://a.example/path", True),
    ("snake_case_name", "case", True),
    ("co-op", "coop", False),
    ("it's O'Brien", "o'brien", True),
    ('she said "no refund"', '"no refund"', True),
    ("refund, no", '"no refund"', True),
    ("a OR b", "OR", True),
    ("cats AND dogs", "dogs AND cats", True),
    ("cats dogs", "dogs AND cats", False),
    ("dogs only", "NOT dogs", False),
    ("near miss", "NEAR(miss)", True),
    ("public: yes", "public:yes", True),
    ("refund", "-refund", True),
    ("refund", "refund*", True),
    ("refund", "^refund", True),
    ("refund", "(refund", True),
    ("refund", "refund)", True),
    ("refund", "refund & | ! :*", True),
    ("refund", "ref'und", False),
    ("refund", "'; DROP TABLE tickets_ticket; --", False),
    ("refund", "{public} : refund", False),
    ("100%_done", "100%", True),
    ("100%_done", "done_100", True),
    ("Возврат денег", "возврат", True),
    ("Возврат денег", "ВОЗВ", True),
    ("Επιστροφή χρημάτων", "επιστροφη", True),
    ("ΟΔΟΣ", "οδός", True),
    ("החזר כספי", "החזר", True),
    ("استرداد المبلغ", "المبلغ", True),
    ("हिन्दी भाषा", "हिन्दी", True),
    ("我要全额退款", "退款", True),
    ("我要全额退款", "全额", True),
    ("我要全额退款", "款", True),
    ("我要全额退款", "我要全额退款", True),
    ("我要全额退款", "退货", False),
    ("返金してください", "返金", True),
    ("返金してください", "ください", True),
    ("สวัสดีครับ", "สวัสดี", True),
    ("환불 요청", "환불", True),
    ("ﬁne print", "fine", True),
    ("ｆｕｌｌ width", "full", True),
    ("emoji 🎉 party", "party", True),
    ("all big cats do eat fresh green hay", "a b c d e f g h", True),
    ("all big cats do eat fresh green grass", "a b c d e f g h", False),
    ("x" * 100, "x" * 100, True),
    ("x" * 100, "x" * 65, True),
]


@pytest.mark.parametrize(("text", "query", "finds"), WORDS)
def test_words_find_texts(text: str, query: str, finds: bool) -> None:
    ticket: Any = TicketFactory(subject="Something", description=text, customer__name="Cleo", customer__username="cleo")
    assert (ticket in matching(Ticket.objects.all(), query, internal=True)) == finds
    assert (ticket in matching(Ticket.objects.all(), query, internal=False)) == finds


@pytest.mark.parametrize("query", ["'", '"', "%", "* & |", "🎉", "( )", "\\", "😀"])
def test_signs_alone_find_nothing(api: ApiClient, query: str) -> None:
    TicketFactory()
    assert api.get("/api/tickets", {"q": query}).json() == []


@pytest.mark.parametrize("query", ["", " ", "\t"])
def test_an_empty_query_is_no_filter(api: ApiClient, query: str) -> None:
    TicketFactory()
    assert len(api.get("/api/tickets", {"q": query}).json()) == 1


def test_words_are_cut_and_counted() -> None:
    assert words_of("x" * 100) == ["x" * 64]
    assert asked_words("a b a B á") == ["a", "b"]
    assert len(asked_words("one two three four five six seven eight")) == 8


@pytest.mark.parametrize(("query", "status"), [("a b c d e f g h", 200), ("a b c d e f g h i", 400), ("x" * 201, 400)])
def test_a_query_has_eight_words_at_most(api: ApiClient, query: str, status: int) -> None:
    assert api.get("/api/tickets", {"q": query}).status_code == status


# --- Tickets ------------------------------------------------------------------------------------------


def numbers(api: ApiClient, query: str, **filters: Any) -> Any:
    return [row["ticketNumber"] for row in api.get("/api/tickets", {"q": query, **filters}).json()]


def test_a_ticket_is_found_by_everything_that_is_written_on_it(api: ApiClient, agent: User) -> None:
    customer = UserFactory(username="frida", name="Frida Kahlo", email="frida@azul.example", signed_up=True)
    ticket = create_ticket(actor=agent, customer_id=customer.pk, subject="Broken lamp", description="It flickers")
    TicketFactory()
    add_reply(ticket.pk, user_id=agent.pk, content="Try another bulb")
    add_reply(ticket.pk, user_id=agent.pk, content="Probably grumpy", is_internal=True)
    add_note(ticket.pk, user_id=agent.pk, content="Called twice")
    number = ticket.ticket_number
    for query in (
        "lamp",
        "flicker",
        "bulb",
        "grumpy",
        "twice",
        "kahlo",
        "frida@azul.example",
        f"#{number}",
        "azul bulb",
    ):
        assert numbers(api, query) == [number], query
    own = Ticket.objects.visible_to(customer)
    seen = {q: matching(own, q, internal=False).exists() for q in ("lamp", "bulb", "frida", "grumpy", "twice")}
    assert seen == {"lamp": True, "bulb": True, "frida": True, "grumpy": False, "twice": False}


def test_the_sign_before_a_number_means_the_ticket(api: ApiClient) -> None:
    ticket = TicketFactory()
    other = TicketFactory(subject=f"About {ticket.ticket_number}")
    assert numbers(api, f"#{ticket.ticket_number}") == [ticket.ticket_number]
    assert numbers(api, str(ticket.ticket_number)) == [other.ticket_number, ticket.ticket_number]


def test_changes_are_found_and_what_is_gone_is_not(api: ApiClient, agent: User, customer: User) -> None:
    ticket = create_ticket(actor=agent, customer_id=customer.pk, subject="apples", description="pears")
    add_reply(ticket.pk, user_id=agent.pk, content="plums")
    update_ticket(ticket.pk, actor=agent, subject="cherries")
    assert (numbers(api, "apples"), numbers(api, "cherries plums")) == ([], [ticket.ticket_number])
    update_user(customer.pk, actor=None, name="Clementine", email="new@citrus.example")
    assert (numbers(api, "cleo"), numbers(api, "clementine citrus")) == ([], [ticket.ticket_number])
    delete_ticket(ticket.pk, actor=agent)
    assert numbers(api, "cherries") == []
    assert not TicketSearch.objects.exists()


def test_a_merged_conversation_is_found_where_it_is(api: ApiClient, agent: User) -> None:
    kept, source = TicketFactory(), TicketFactory()
    add_reply(source.pk, user_id=agent.pk, content="marzipan")
    assert numbers(api, "marzipan") == [source.ticket_number]
    merge_tickets(kept.pk, source_ids=[source.pk], actor=agent)
    assert numbers(api, "marzipan") == [kept.ticket_number]


def test_gathering_anew_changes_nothing(agent: User, customer: User) -> None:
    ticket = create_ticket(actor=agent, customer_id=customer.pk, subject="one", description="two two")
    add_reply(ticket.pk, user_id=agent.pk, content="three four")
    add_note(ticket.pk, user_id=agent.pk, content="five")
    (before,) = TicketSearch.objects.values_list("customer", "public", "internal")
    refill([ticket.pk])
    (after,) = TicketSearch.objects.values_list("customer", "public", "internal")
    assert [set(column.split()) for column in before] == [set(column.split()) for column in after]


def test_very_long_conversations_are_kept_in_bounds(api: ApiClient, agent: User, customer: User) -> None:
    words = " ".join(f"字{chr(0x4E00 + n)}{chr(0x20000 + n)}" for n in range(20_000))
    ticket = create_ticket(actor=agent, customer_id=customer.pk, subject="begin", description=words)
    add_reply(ticket.pk, user_id=agent.pk, content=words[::-1])
    add_note(ticket.pk, user_id=agent.pk, content=words)
    add_note(ticket.pk, user_id=agent.pk, content="end")
    kept = TicketSearch.objects.get()
    assert (len(kept.public), len(kept.internal)) == (MAX_PUBLIC, MAX_INTERNAL)
    assert (numbers(api, "begin"), numbers(api, "end")) == ([ticket.ticket_number], [])


def test_search_goes_with_filters_order_and_pages(api: ApiClient) -> None:
    made = [TicketFactory(subject="grape", priority="low" if n % 2 else "high") for n in range(7)]
    TicketFactory(subject="melon")
    expected = [ticket.ticket_number for ticket in reversed(made)]
    assert numbers(api, "grap") == expected
    assert numbers(api, "grape", priority="low") == expected[1::2]
    assert numbers(api, "grape", sort="createdAt") == expected[::-1]
    found, address = [], "/api/tickets?q=grape&limit=3"
    while address:
        page = api.get(address)
        found += [row["ticketNumber"] for row in page.json()]
        address = page.headers["Link"].split(";")[0][1:-1] if "Link" in page.headers else ""
    assert found == expected


def test_common_words_are_found_like_rare_ones(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [TicketFactory(subject="common word") for _ in range(4)]
    monkeypatch.setattr("helpdesk.api.search.MANY", 2)
    TicketFactory(subject="common sense")
    for query in ("common word", "wor com"):
        assert numbers(api, query) == [ticket.ticket_number for ticket in reversed(made)]
    assert len(numbers(api, "common")) == 5
    assert numbers(api, "common elsewhere") == []


def test_beginnings_that_are_everywhere_are_not_looked_up() -> None:
    sample = Sample(share=0.001, rows=1_000, holding=[990, 40, 900, 300], together=0)
    assert sample.telling(["s", "x", "r", "k"]) == ["x", "k"]
    assert Sample(share=0.001, rows=1_000, holding=[500, 0], together=0).telling(["s", "q"]) == ["q"]
    assert Sample(share=1, rows=0, holding=[0, 0], together=0).telling(["a", "b"]) == ["a"]


def test_looking_words_up_leaves_the_planner_as_it_was(api: ApiClient) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such settings")
    with transaction.atomic(), connection.cursor() as cursor:
        numbers(api, "some words")
        cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('enable_indexscan')")
        assert cursor.fetchone() == ("on", "on")


@pytest.mark.django_db(transaction=True)
def test_words_written_at_once_are_all_found(agent: User, at_once: Callable[..., list[Any]]) -> None:
    ticket = TicketFactory()
    at_once(6, lambda n: add_reply(ticket.pk, user_id=agent.pk, content=f"fruit{n}"))
    for n in range(6):
        assert matching(Ticket.objects.all(), f"fruit{n}", internal=True).exists()


# --- Articles -----------------------------------------------------------------------------------------


def test_an_article_is_found_by_what_it_says_now(api: ApiClient) -> None:
    article = create_article(
        actor=None, title="Rückgabe", content="Send *it* back", tags=["retour"], category_id=CategoryFactory().pk
    )
    create_article(actor=None, title="Other", content="Nothing", category_id=CategoryFactory().pk)

    def found(query: str) -> bool:
        return [row["id"] for row in api.get("/api/kb/articles", {"q": query}).json()] == [str(article.pk)]

    assert all(map(found, ("ruckgabe", "send back", "retour", "Rück send")))
    update_article(article.pk, actor=None, content="Keep it")
    assert (found("send"), found("keep")) == (False, True)
    assert api.get("/api/kb/articles", {"q": "rückgabe", "status": "published"}).json() == []
