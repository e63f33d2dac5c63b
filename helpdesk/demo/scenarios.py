"""What customers of a small software and hardware company write, and what they are answered.

`{product}`, `{order}`, `{amount}` and the names are filled in for each ticket; the subjects are variants.
"""

from dataclasses import dataclass

CUSTOMER, AGENT, NOTE = "customer", "agent", "note"


@dataclass(frozen=True)
class Scenario:
    category: str
    tags: tuple[str, ...]
    priority: str
    subjects: tuple[str, ...]
    description: str
    talk: tuple[tuple[str, str], ...]


SCENARIOS = (
    Scenario(
        "technical",
        ("login",),
        "high",
        ("Cannot access my account", "Login fails since this morning", "Locked out of {product}"),
        "I'm unable to log into {product}. It says my password is wrong, but I have not changed it. "
        "I tried two browsers and my phone. I need to get in before noon.",
        (
            (
                AGENT,
                "Thank you for contacting us. I have sent you a link to set a new password; it works for two hours.",
            ),
            (CUSTOMER, "The link worked, thank you! Why did this happen?"),
            (NOTE, "Account was locked after ten failed attempts from an address we have seen in other attacks."),
            (
                AGENT,
                "Somebody tried to guess your password, so we locked the account. Nothing was accessed. "
                "I suggest to turn on two-factor sign-in under Settings.",
            ),
        ),
    ),
    Scenario(
        "technical",
        ("performance",),
        "medium",
        ("{product} is slow in the afternoon", "Reports take minutes to load", "Timeouts on the dashboard"),
        "Since last week {product} gets really slow after lunch. Opening the monthly report takes two or three "
        "minutes and sometimes ends with an error page. Mornings are fine.",
        (
            (AGENT, "Could you tell me roughly at what time it happens, and how many people work with it then?"),
            (CUSTOMER, "Between 13:00 and 15:00. About forty of us, most of them in the reports."),
            (NOTE, "Matches the export job of their own data warehouse. Asked infrastructure to move it to the night."),
            (
                AGENT,
                "A heavy export ran on your data every day at one o'clock. We moved it to the night. "
                "Please tell me if it is still slow tomorrow.",
            ),
            (CUSTOMER, "Much better today."),
        ),
    ),
    Scenario(
        "technical",
        ("api", "integration"),
        "medium",
        ("API returns 401", "Key stopped working", "Integration broken after key rotation"),
        "Our integration gets 401 for every call since today. We did not change anything on our side. "
        "The key begins with hd_3f.",
        (
            (AGENT, "That key expired last night. An admin of yours can create a new one under Settings > API Keys."),
            (CUSTOMER, "Found it. Can we get a warning before it expires next time?"),
            (AGENT, "Good idea, I passed it on to the product team and linked your request."),
        ),
    ),
    Scenario(
        "technical",
        ("mobile", "bug"),
        "low",
        ("App crashes when I attach a photo", "Photos cannot be uploaded from my phone"),
        "When I attach a photo from the gallery in the mobile app it closes without a message. "
        "Taking a new picture works. Android 15, app version 4.2.",
        (
            (NOTE, "Reproduced with HEIC files. Bug filed."),
            (
                AGENT,
                "We could reproduce this: the app stumbles over one image format. A fix comes with version 4.3; "
                "until then sharing the photo as JPEG works.",
            ),
            (CUSTOMER, "Thanks, the workaround helps."),
        ),
    ),
    Scenario(
        "billing",
        ("payment", "refund"),
        "high",
        ("Payment failed but I was charged", "Charged twice for order {order}", "Double charge on my card"),
        "My payment for order {order} failed with an error, but my bank shows a charge of {amount}. "
        "When I tried again it was charged a second time. Please refund one of the two.",
        (
            (
                AGENT,
                "I am sorry about that. I can see both charges. The first one was only reserved and I released it; "
                "depending on your bank it disappears within three to five days.",
            ),
            (NOTE, "Gateway timeout on the first attempt. Reservation released manually."),
            (CUSTOMER, "It is back in my account. Thanks for the quick help."),
        ),
    ),
    Scenario(
        "billing",
        ("invoice",),
        "low",
        ("Invoice with the wrong address", "Please correct our invoice", "VAT number missing on invoice"),
        "The invoice for order {order} shows our old address and lacks our VAT number. Our accounting cannot book it "
        "like this. Could you send a corrected one?",
        (
            (AGENT, "Of course. Please send me the address and the VAT number as they should appear."),
            (CUSTOMER, "It is the address in our profile now, VAT number DE 123 456 788."),
            (AGENT, "Here you are: the corrected invoice is in your account under Billing, dated today."),
        ),
    ),
    Scenario(
        "billing",
        ("plan",),
        "medium",
        ("Upgrade to the yearly plan", "What happens to our data when we downgrade?", "Change of plan"),
        "We think about moving to the yearly plan. Does the rest of this month count, and can we add five seats "
        "at the same time?",
        (
            (
                AGENT,
                "Yes to both: the unused days are credited, and you can add seats in the same step. "
                "For five seats more it would be {amount} for the first year.",
            ),
            (CUSTOMER, "Great, we will do it on Monday."),
        ),
    ),
    Scenario(
        "shipping",
        ("delivery",),
        "medium",
        ("Where is my order {order}?", "Parcel has not moved for a week", "Order {order} not delivered"),
        "Order {order} was supposed to arrive last Tuesday. The tracking page has said 'in transit' for a week now.",
        (
            (
                AGENT,
                "I opened an enquiry with the carrier. They have two working days to answer; I will tell you then.",
            ),
            (NOTE, "Carrier lost the parcel. Replacement authorised."),
            (AGENT, "The parcel is lost. A replacement leaves our warehouse today by express, at our cost."),
            (CUSTOMER, "It arrived this morning. Thank you!"),
        ),
    ),
    Scenario(
        "shipping",
        ("damage", "return"),
        "high",
        ("{product} arrived broken", "Damaged parcel", "Screen cracked on delivery"),
        "The parcel with order {order} was crushed on one side and {product} inside does not turn on. "
        "I took pictures of the box.",
        (
            (
                AGENT,
                "I am sorry! Please keep the box for the carrier. A return label is on its way to you, "
                "and the replacement ships as soon as the parcel is scanned.",
            ),
            (CUSTOMER, "Handed it in this morning."),
            (AGENT, "Scanned, and the replacement is on its way."),
        ),
    ),
    Scenario(
        "returns",
        ("return",),
        "low",
        ("Return of order {order}", "Wrong size, how do I send it back?", "I would like to return {product}"),
        "I ordered the wrong model by mistake. It is unopened. How can I send it back?",
        (
            (AGENT, "No problem: you have thirty days. The label is attached to this message; just drop it off."),
            (CUSTOMER, "Done, thank you."),
            (AGENT, "We have received it. The refund of {amount} is on its way."),
        ),
    ),
    Scenario(
        "account",
        ("users",),
        "low",
        ("Add a colleague to our account", "How do I remove a former employee?", "Change of our main contact"),
        "A colleague left us. How do I move her open orders to somebody else and remove her access?",
        (
            (
                AGENT,
                "Under Company > People you can deactivate her; everything she filed stays and can be reassigned there.",
            ),
            (CUSTOMER, "Perfect, that was easy."),
        ),
    ),
    Scenario(
        "account",
        ("privacy", "gdpr"),
        "medium",
        ("Please delete my data", "Request for a copy of my data", "Data protection question"),
        "According to data protection law I would like a copy of everything you have stored about me.",
        (
            (NOTE, "Identity checked by call back. Export requested from the data protection officer."),
            (AGENT, "We have confirmed your identity. You receive an encrypted archive within ten days."),
        ),
    ),
    Scenario(
        "feature",
        ("idea",),
        "low",
        ("Dark mode please", "Export to spreadsheet", "Could {product} remember my filters?"),
        "I use {product} all day and wish it would remember the filters I set. I set the same three every morning.",
        ((AGENT, "Thank you, we hear this more often lately. I added your vote; you will be told when it comes."),),
    ),
    Scenario(
        "technical",
        ("outage", "urgent"),
        "urgent",
        ("Everything is down!", "Production is standing still", "{product} unreachable from all our offices"),
        "Nobody in our company can reach {product} since ten minutes. We have 120 people waiting. Please call me.",
        (
            (NOTE, "Incident 2025-118, network provider. Status page updated."),
            (AGENT, "We are on it: our network provider has an outage in your region. I update you every 15 minutes."),
            (CUSTOMER, "Any news?"),
            (
                AGENT,
                "Service is restored since 14:20. You will get a report by tomorrow. We are sorry for the disruption.",
            ),
            (CUSTOMER, "Confirmed, all back. Thanks for the updates."),
        ),
    ),
    Scenario(
        "technical",
        ("email",),
        "medium",
        ("Our customers do not get the confirmation mails", "Mails end up in spam", "No notifications since Friday"),
        "Our customers tell us that the confirmation mails from {product} end up in their spam folder since Friday.",
        (
            (AGENT, "Your domain's SPF record lost our entry on Friday. Could your administrator add it back?"),
            (CUSTOMER, "He did, seems to work. We moved our DNS that day..."),
            (AGENT, "That explains it. I checked with three large providers: the mails arrive in the inbox again."),
        ),
    ),
    Scenario(
        "hardware",
        ("warranty",),
        "medium",
        ("{product} does not charge any more", "Battery lasts only an hour", "Warranty question for {product}"),
        "My {product} is eleven months old and the battery lasts barely an hour. Is this covered by the warranty?",
        (
            (AGENT, "Yes, it is. Could you read me the serial number from the label on the back?"),
            (CUSTOMER, "HX-77-20418."),
            (AGENT, "Thank you. We send you a new battery and a bag to return the old one."),
            (CUSTOMER, "Got it, works like new."),
        ),
    ),
    Scenario(
        "training",
        ("onboarding",),
        "low",
        ("Training for new colleagues", "Webinar recording", "Where do we start with {product}?"),
        "We have six new colleagues next month. Do you offer an introduction to {product}, and what would it cost?",
        (
            (AGENT, "For customers on your plan two sessions a year are included. Would the first Tuesday suit you?"),
            (CUSTOMER, "Yes, ten o'clock would be ideal."),
            (AGENT, "Booked. The invitation is on its way."),
        ),
    ),
    Scenario(
        "security",
        ("phishing",),
        "urgent",
        ("Suspicious mail in your name", "Is this mail really from you?", "Possible phishing"),
        "We received a mail that asks us to confirm our bank details for order {order}. The sender looks like you, "
        "but the link leads elsewhere.",
        (
            (
                AGENT,
                "Please do not open the link: this mail is not from us. Thank you for telling us. "
                "Did anybody enter data there?",
            ),
            (CUSTOMER, "No, nobody did."),
            (NOTE, "Domain reported to the registrar; warning published."),
            (AGENT, "Good. The page has been taken down this afternoon."),
        ),
    ),
)

PRODUCTS = ("Beacon", "Beacon Pro", "Harbor Desk", "Lumen 2", "Atlas Reader", "Tidepool", "Northwind Hub")
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
        "Closing",
        "bye",
        "general",
        "We are glad that it works again. If anything else comes up, just answer to this message.",
    ),
)
TEMPLATES = (
    (
        "New colleague",
        "Equipment and accounts for somebody who joins",
        "Equipment for a new colleague",
        "Laptop:\nAccounts:\nFirst day:",
        "it",
    ),
    (
        "Return",
        "A customer sends something back",
        "Return of an order",
        "Order number:\nReason:\nCondition:",
        "returns",
    ),
    (
        "Incident",
        "Several customers are affected",
        "Incident: ",
        "What is affected:\nSince when:\nWho is informed:",
        "technical",
    ),
)
CUSTOM_FIELDS = (
    ("ticket", "product", "Product", "dropdown", PRODUCTS),
    ("ticket", "order_number", "Order number", "text", ()),
    ("ticket", "root_cause", "Root cause", "dropdown", ("Ours", "Customer", "Third party", "Unknown")),
    ("contact", "language", "Language", "dropdown", ("English", "German", "French", "Spanish")),
    ("company", "contract_number", "Contract number", "text", ()),
)
