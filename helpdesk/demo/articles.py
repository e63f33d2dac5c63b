"""What stands in the knowledge base of the demo: categories, their folders, and the articles in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """An article; `liked` is how many of a hundred readers who say something were helped."""

    title: str
    excerpt: str
    content: str
    tags: tuple[str, ...] = ()
    status: str = "published"
    liked: int = 85
    readers: int = 200  # a month


# Category, description, icon; then folders: name, description, visibility, articles.
KNOWLEDGE: tuple[tuple[str, str, str, tuple[tuple[str, str, str, tuple[Text, ...]], ...]], ...] = (
    (
        "Getting started", "The first steps with your account and your team.", "rocket",
        (
            (
                "First steps", "From the invitation to the first working day.", "all",
                (
                    Text(
                        "Set up your account",
                        "Accept the invitation, choose a password and tell us your time zone.",
                        "Welcome! It takes about five minutes.\n\n1. Open the link in your invitation. It works for "
                        "**seven days**; your administrator can send a new one.\n2. Choose a password of at least eight "
                        "characters.\n3. Under *Settings › Profile* set your language and time zone, so that dates in "
                        "mails are yours.\n\n> Working in a company that signs in with its own accounts? Use the button "
                        "*Sign in with your company* instead; there is no password to choose.",
                        ("account", "invitation"), liked=92, readers=640,
                    ),
                    Text(
                        "Invite your colleagues",
                        "Add people one by one, or all of them with a spreadsheet.",
                        "Administrators invite people under *Company › People*.\n\n- **One person:** name, address, role.\n"
                        "- **Many people:** download the template, fill it in, upload it. Rows that cannot be read are "
                        "shown with the reason; the others are imported.\n\nAn invitation counts as a seat once it is "
                        "accepted, not before.",
                        ("invitation", "seats", "import"), liked=88, readers=310,
                    ),
                    Text(
                        "What the roles may do",
                        "Members, managers and administrators compared.",
                        "| | Member | Manager | Administrator |\n|---|---|---|---|\n| See own records | yes | yes | yes |\n"
                        "| See records of the team | no | yes | yes |\n| Export | no | yes | yes |\n"
                        "| Invite and remove people | no | no | yes |\n| Invoices and contract | no | no | yes |\n\n"
                        "There must always be one administrator. The last one cannot be removed.",
                        ("account", "permissions"), readers=180,
                    ),
                ),
            ),
        ),
    ),
    (
        "Account and sign-in", "Passwords, two-factor sign-in and single sign-on.", "key",
        (
            (
                "Signing in", "When you cannot get in.", "all",
                (
                    Text(
                        "I forgot my password",
                        "Ask for a link on the sign-in page. It works for two hours.",
                        "Choose **Forgot your password?** on the sign-in page and enter your address. We mail you a link "
                        "that works for two hours and once.\n\n### No mail?\n\n- Look into the spam folder.\n- Was it "
                        "the address of your account? We do not say whether an account exists.\n- Companies that sign in "
                        "with their own accounts have no password here: ask your own IT.\n\nAfter five wrong attempts an "
                        "account is locked for fifteen minutes.",
                        ("password", "login"), liked=81, readers=980,
                    ),
                    Text(
                        "Turn on two-factor sign-in",
                        "A code from your phone protects your account even if the password is known.",
                        "1. Open *Settings › Security* and choose **Two-factor sign-in**.\n2. Scan the picture with an "
                        "authenticator app.\n3. Enter the six digits it shows.\n4. **Keep the recovery codes** somewhere "
                        "safe: each works once when you do not have your phone.\n\nThe clock of your phone must be right; "
                        "set it to *automatic* when codes are refused.",
                        ("two-factor", "login", "security"), liked=90, readers=420,
                    ),
                    Text(
                        "I have a new phone and no codes",
                        "Use a recovery code, or let an administrator reset two-factor sign-in.",
                        "Sign in with one of your **recovery codes** and set up the new phone under *Settings › "
                        "Security*.\n\nWithout them an administrator of your company can reset two-factor sign-in under "
                        "*Company › People*. For administrators our support does it, after we called the number in your "
                        "contract.",
                        ("two-factor", "login"), liked=74, readers=260,
                    ),
                ),
            ),
            (
                "For administrators", "Domains and single sign-on.", "logged_in",
                (
                    Text(
                        "Connect your own sign-in (SAML)",
                        "What to enter where, and how to test it without locking anybody out.",
                        "Under *Company › Sign-in* upload the metadata of your identity provider, and give it ours:\n\n"
                        "```\nEntity id   https://signin.example/saml\nReply URL   https://signin.example/saml/acs\n```\n\n"
                        "Keep **one administrator with a password** until a colleague has signed in successfully. Then "
                        "switch off passwords for the others.",
                        ("sso", "security"), liked=69, readers=75,
                    ),
                    Text(
                        "Confirm a domain",
                        "A record in your DNS shows that the domain is yours.",
                        "Add the `TXT` record shown under *Company › Domains* to your DNS and choose **Check now**. It can "
                        "take an hour until everybody sees the record, with some providers a day.\n\nPeople whose address "
                        "is in a confirmed domain join your company by themselves.",
                        ("domain", "dns"), liked=83, readers=90,
                    ),
                ),
            ),
        ),
    ),
    (
        "Billing", "Invoices, payments and refunds.", "credit-card",
        (
            (
                "Payments and refunds", "What we charge, and how money comes back.", "all",
                (
                    Text(
                        "How long does a refund take?",
                        "Three to five working days, depending on your bank.",
                        "We send a refund on the day it is granted. Until you see it takes\n\n- **cards:** three to five "
                        "working days,\n- **bank transfer:** two working days,\n- **balance of your account:** at "
                        "once.\n\nIt comes back the way you paid. Has the card expired meanwhile? Your bank still books "
                        "it to your account.",
                        ("refund", "payment"), liked=87, readers=730,
                    ),
                    Text(
                        "My card was declined",
                        "What the bank means, and what to try next.",
                        "We only see that your bank refused. Mostly one of these is the reason:\n\n1. The card has "
                        "expired: enter the new one under *Company › Payment*.\n2. The bank wants to ask you in its app. "
                        "Try again with the phone at hand.\n3. The limit is reached.\n\nWe try again after **one, three "
                        "and seven days**. Nothing is switched off before the fourteenth day.",
                        ("payment", "card"), liked=71, readers=350,
                    ),
                    Text(
                        "Change the plan or the number of seats",
                        "More seats count at once, fewer from the next period.",
                        "Administrators change the plan under *Company › Plan*.\n\nSeats that you **add** are charged for "
                        "the rest of the period. Seats that you **give back** end with it. You see the amount before you "
                        "confirm.",
                        ("plan", "seats"), readers=240,
                    ),
                ),
            ),
            (
                "Invoices and contracts", "For those who pay.", "logged_in",
                (
                    Text(
                        "Where are my invoices?",
                        "Under Company › Invoices, as PDF and as XRechnung.",
                        "All invoices are under *Company › Invoices*. They also go to the billing address on the first of "
                        "the month.\n\nIs something wrong on one? Do not change the PDF: write to us with the number, and "
                        "what should stand there. You get a corrected invoice **within two working days**.",
                        ("invoice",), liked=93, readers=410,
                    ),
                    Text(
                        "End a contract",
                        "Until the last day of the period; your data stays for ninety days.",
                        "Administrators end the contract under *Company › Plan › End*. It runs until the end of the period "
                        "that is paid.\n\nYour data can be exported for **ninety days** afterwards. Then it is deleted, "
                        "and nobody can bring it back.",
                        ("plan", "deletion"), liked=62, readers=60,
                    ),
                ),
            ),
        ),
    ),
    (
        "Shipping and returns", "Parcels, there and back.", "truck",
        (
            (
                "Orders", "From the warehouse to your door.", "all",
                (
                    Text(
                        "Where is my parcel?",
                        "Follow it under Orders. After three days without news we ask the carrier.",
                        "The link to follow your parcel is in the mail *Your order is on its way*, and under "
                        "*Orders*.\n\nNo news for **three working days**? Tell us the order number. We open an enquiry; the "
                        "carrier has two working days to answer, and then you get a replacement or your money back.",
                        ("parcel", "order"), liked=78, readers=890,
                    ),
                    Text(
                        "Send something back",
                        "You have thirty days. The label is in your account under Orders.",
                        "1. Open the order under *Orders* and choose **Return**.\n2. Print the label, or show the code at "
                        "the counter.\n3. Drop it off. Please use the original box if you still have it.\n\nThe refund "
                        "leaves on the day the parcel reaches us.\n\n![A label](https://static.example/label.png)",
                        ("return", "refund", "order"), liked=89, readers=560,
                    ),
                    Text(
                        "Customs and duties",
                        "Outside the European Union the carrier may ask you to pay.",
                        "Orders to Norway, Switzerland and the United Kingdom are delivered *duty paid*. For all other "
                        "countries the carrier collects duties on delivery.",
                        ("parcel",), status="pending_approval",
                    ),
                ),
            ),
        ),
    ),
    (
        "Devices", "Beacon, Lumen and Atlas: set up, connect, repair.", "device",
        (
            (
                "Set up and connect", "For every device.", "all",
                (
                    Text(
                        "Connect a Beacon to the network",
                        "Hold the button for five seconds, then follow the app.",
                        "1. Plug in the Beacon and wait for the **white** light.\n2. Hold the button for five seconds: the "
                        "light blinks blue.\n3. In the app choose *Devices › Add*.\n\n| Light | Meaning |\n|---|---|\n| "
                        "white | ready |\n| blue, blinking | waiting for the app |\n| orange | no network |\n| red | call "
                        "us |\n\nA Beacon speaks 2.4 GHz only. Networks for guests with a sign-in page do not work.",
                        ("beacon", "network"), liked=80, readers=470,
                    ),
                    Text(
                        "The battery is empty within hours",
                        "Update first; batteries from 2023 are replaced for free.",
                        "Install the latest version under *Devices › About*, then charge the device to 100 % once.\n\nIf it "
                        "is still empty within eight hours, tell us the **serial number**: it is on the label on the back, "
                        "below the bar code, and begins with HX. Batteries made in 2023 are replaced for free.",
                        ("battery", "warranty"), liked=66, readers=330,
                    ),
                    Text(
                        "Labels come out blank",
                        "Choose the size of the roll and run Measure labels once.",
                        "The printer has to know the roll. Choose it under *Printing › Media* and run **Measure "
                        "labels**.\n\nEvery second label blank? Then the chosen size is twice the real one.",
                        ("printing",), liked=95, readers=120,
                    ),
                    Text(
                        "Reset a Lumen 2",
                        "Back to the state in which it came out of the box.",
                        "Press *power* and *mode* together for ten seconds. Everything stored on the device is gone; what "
                        "was synchronised is still in your account.",
                        ("lumen",), status="approved",
                    ),
                ),
            ),
        ),
    ),
    (
        "Integrations", "Connect other programs.", "plug",
        (
            (
                "API and webhooks", "For developers.", "all",
                (
                    Text(
                        "Make an API key",
                        "Under Settings › API keys; it is shown once.",
                        "```sh\ncurl -H \"Authorization: ApiKey $KEY\" https://api.example/v1/orders\n```\n\nGive each "
                        "program a key of its own, with no more scopes than it needs, and a date on which it expires. A key "
                        "that leaked is revoked with one click; programs with other keys do not notice.",
                        ("api", "security"), liked=91, readers=150,
                    ),
                    Text(
                        "Requests are answered with 429",
                        "Wait as many seconds as Retry-After says.",
                        "You may send 600 requests a minute. Beyond that the answer is `429`, with the header "
                        "`Retry-After`.\n\n**Do** wait that long, and ask for pages of 100 rows. **Do not** try again at "
                        "once: every attempt counts.",
                        ("api",), liked=77, readers=95,
                    ),
                    Text(
                        "Webhooks arrive twice",
                        "That is meant: deliveries are repeated until you answer with 200.",
                        "Every delivery carries an id. Keep those of the last day, and ignore what you have seen.",
                        ("api", "webhooks"), status="draft",
                    ),
                ),
            ),
        ),
    ),
    (
        "For the team", "How we work. Customers do not see this.", "book",
        (
            (
                "Playbooks", "Step by step, when it matters.", "agents",
                (
                    Text(
                        "Playbook: several customers report the same",
                        "One ticket leads, the others are its children.",
                        "1. Make the oldest ticket the **parent**, link the others.\n2. Priority *urgent*, group *Technical*.\n"
                        "3. Tell customers within **thirty minutes** that we know, even if we know nothing else.\n4. When "
                        "it is solved, answer each of them; a link to a status page is not an answer.",
                        ("incident",), liked=100, readers=25,
                    ),
                    Text(
                        "Playbook: refunds above 500 €",
                        "Two people decide.",
                        "Write down the reason as a note, assign the ticket to the lead of Billing, and wait. Promise the "
                        "customer an answer **on the same day**, not the money.",
                        ("refund", "incident"), liked=96, readers=30,
                    ),
                    Text(
                        "How to write an article",
                        "One question, one answer, in the words customers use.",
                        "The title is what somebody types into the search box. The first sentence answers. Pictures only "
                        "where words fail.",
                        ("writing",), status="draft",
                    ),
                ),
            ),
        ),
    ),
)  # fmt: skip

# What readers add, by whether they were helped.
REMARKS = {
    True: (None, None, None, "Thank you, that was it.", "Clear and short.", "Solved in two minutes."),
    False: (
        None, None, "I still do not know where to click.", "This looks different on my screen.",
        "Please add pictures.", "Did not help, I wrote to support.",
    ),
}  # fmt: skip
