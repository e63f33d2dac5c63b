"""What the agents of the demo have prepared: custom fields, canned responses and ticket templates."""

from .scenarios.script import BILLING, FIRST_LINE, SHIPPING, TECHNICAL

PRODUCTS = ("Harbor Desk", "Tidepool", "Northwind Hub", "Lantern")
DEVICES = ("Beacon", "Beacon Pro", "Lumen 2", "Atlas Reader")
ROOT_CAUSES = ("Ours", "Customer", "Third party", "Unknown")
LANGUAGES = ("English", "German", "French", "Spanish")
PLANS = ("Monthly", "Yearly", "Trial")

# Entity, name, label, type, options.
CUSTOM_FIELDS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("ticket", "product", "Product", "dropdown", PRODUCTS),
    ("ticket", "device", "Device", "dropdown", DEVICES),
    ("ticket", "order_number", "Order number", "text", ()),
    ("ticket", "serial_number", "Serial number", "text", ()),
    ("ticket", "root_cause", "Root cause", "dropdown", ROOT_CAUSES),
    ("contact", "language", "Language", "dropdown", LANGUAGES),
    ("contact", "newsletter", "Newsletter", "checkbox", ()),
    ("company", "contract_number", "Contract number", "text", ()),
    ("company", "seats", "Seats", "number", ()),
    ("company", "plan", "Plan", "dropdown", PLANS),
)
# What customers see of their own tickets.
SHOWN_TO_CUSTOMERS = ("product", "device", "order_number", "serial_number")

# Title, shortcut, category, content.
ANSWERS = (
    (
        "Greeting",
        "hello",
        "general",
        "Hello {{customer.name}},\n\nthank you for your message.\n\nBest regards\n{{agent.name}}",
    ),
    (
        "Password reset",
        "reset",
        "account",
        "Hello {{customer.name}},\n\nplease use 'Forgot your password?' on the sign-in page. The link we mail you works for two hours.",
    ),
    (
        "Ask for details",
        "details",
        "general",
        "Could you tell us which browser and version you use, and what exactly you see on the screen? A screenshot helps a lot.",
    ),
    (
        "Refund on its way",
        "refund",
        "billing",
        "The refund is on its way. Depending on your bank it takes three to five working days.",
    ),
    (
        "Carrier enquiry",
        "parcel",
        "shipping",
        "We opened an enquiry with the carrier for ticket {{ticket.ticketNumber}} and will tell you as soon as they answer.",
    ),
    (
        "Serial number",
        "serial",
        "hardware",
        "Could you read me the serial number? It is on the label on the back, below the bar code, and begins with HX.",
    ),
    (
        "Passed on",
        "wish",
        "feature",
        "Thank you for the idea. I have passed it on to our product team; you will be told when something comes of it.",
    ),
    (
        "Closing",
        "bye",
        "general",
        "We are glad that it works again. If anything else comes up, just answer to this message.",
    ),
)
# Lists that everybody finds beside their own, by name.
VIEWS = (
    ("Key accounts", "view=all&status=open%2Cpending%2Cin_progress&tag=key+account&sort=due"),
    ("Refunds", "view=all&tag=refund"),
    ("Urgent, no owner", "view=unassigned&priority=urgent"),
    ("Waiting too long", "view=all&status=open&tag=waiting"),
)
# Name, description, subject, content, category, group.
TEMPLATES = (
    (
        "New colleague",
        "Equipment and accounts for somebody who joins",
        "Equipment for a new colleague",
        "Laptop:\nAccounts:\nFirst day:",
        "onboarding",
        FIRST_LINE,
    ),
    (
        "Return",
        "A customer sends something back",
        "Return of an order",
        "Order number:\nReason:\nCondition:",
        "returns",
        SHIPPING,
    ),
    (
        "Incident",
        "Several customers are affected",
        "Incident: ",
        "What is affected:\nSince when:\nWho is informed:",
        "technical",
        TECHNICAL,
    ),
    (
        "Corrected invoice",
        "An invoice has to be written again",
        "Correction of invoice",
        "Invoice number:\nWhat is wrong:\nAs it should be:",
        "billing",
        BILLING,
    ),
)
