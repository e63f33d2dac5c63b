"""Software that does not do what it should."""

from .script import ANSWER, CUSTOMER, FIRST_LINE, NOTE, QUESTION, SOLUTION, TECHNICAL, Scenario

SOFTWARE = (
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="medium",
        tags=("performance",),
        subjects=("{product} is slow in the afternoon", "Reports take minutes to load", "Timeouts on the dashboard"),
        opening="Since last week {product} gets really slow after lunch. Opening the monthly report takes two or three "
        "minutes and sometimes ends with an error page. Mornings are fine.",
        talk=(
            (QUESTION, "Could you tell me roughly at what time it happens, and how many people work with it then?"),
            (CUSTOMER, "Between 13:00 and 15:00. About forty of us, most of them in the reports."),
            (NOTE, "Matches the export job of their own data warehouse. Asked infrastructure to move it to the night."),
            (
                SOLUTION,
                "A heavy export ran on your data every day at one o'clock. We moved it to the night. "
                "Please tell me if it is still slow tomorrow.",
            ),
        ),
    ),
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="high",
        tags=("api", "integration"),
        subjects=("API returns 401", "Key stopped working", "Integration broken since this morning"),
        opening="Our integration gets 401 for every call since today. We did not change anything on our side, and the "
        "same key worked yesterday evening.",
        talk=(
            (ANSWER, "That key expired last night. An admin of yours can create a new one under Settings > API keys."),
            (CUSTOMER, "Found it. Can we get a warning before it expires next time?"),
            (SOLUTION, "Good idea: I passed it on to the product team. The new key has no expiry date, by the way."),
        ),
    ),
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="low",
        tags=("mobile", "bug"),
        subjects=("App closes when I attach a photo", "Photos cannot be uploaded from my phone"),
        opening="When I attach a photo from the gallery in the mobile app it closes without a message. Taking a new "
        "picture works. Android 15, app version 4.2.",
        talk=(
            (NOTE, "Reproduced with HEIC files. Bug filed with the mobile team."),
            (
                ANSWER,
                "We could reproduce this: the app stumbles over one image format. A fix comes with version 4.3; until "
                "then sharing the photo as JPEG works.",
            ),
            (CUSTOMER, "Thanks, the workaround helps."),
            (SOLUTION, "Version 4.3 is in the store since today and contains the fix."),
        ),
    ),
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="urgent",
        tags=("outage",),
        subjects=("Everything is down!", "{product} unreachable from all our offices", "Nobody here can work"),
        opening="Nobody in our company has been able to reach {product} for ten minutes. We have 120 people waiting. "
        "Please call me.",
        talk=(
            (NOTE, "Network provider in their region. Status page updated, provider's hotline on the other line."),
            (ANSWER, "We are on it: our network provider has an outage in your region. I write every 15 minutes."),
            (CUSTOMER, "Any news?"),
            (ANSWER, "The provider has found the broken link and is re-routing. Some users should get through now."),
            (SOLUTION, "Service is restored. You will get a report by tomorrow. We are sorry for the disruption."),
        ),
        left_to_rules=("priority", "group"),
    ),
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="medium",
        tags=("email", "dns"),
        subjects=(
            "Customers do not get the confirmation mails",
            "Mails end up in spam",
            "No notifications since Friday",
        ),
        opening="Our customers tell us that the confirmation mails from {product} end up in their spam folder since "
        "Friday. Nothing was changed in our settings as far as I know.",
        talk=(
            (QUESTION, "Your domain's SPF record lost our entry on Friday. Could your administrator add it back?"),
            (CUSTOMER, "He did, and it seems to work. We moved our DNS that day…"),
            (SOLUTION, "That explains it. I checked with three large providers: the mails reach the inbox again."),
        ),
    ),
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="high",
        tags=("data", "import"),
        subjects=("Import stops at row 2,731", "CSV import fails", "Half of our contacts are missing after the import"),
        opening="We are importing 9,000 contacts into {product}. The import stops with 'invalid value' and does not say "
        "which column it means. The file opens fine in our spreadsheet.",
        talk=(
            (QUESTION, "Could you send me the ten rows around the one where it stops? You may blacken the names."),
            (CUSTOMER, "Here they are. Row 2,731 is the first with an accent, maybe that is it?"),
            (NOTE, "File is Windows-1252, the importer expects UTF-8. The message should say so: filed."),
            (
                SOLUTION,
                "Well spotted. The file is saved in an older encoding. Save it as 'CSV UTF-8' and import it again: rows "
                "that came through already are updated, not doubled.",
            ),
        ),
    ),
    Scenario(
        category="technical",
        group=FIRST_LINE,
        priority="medium",
        tags=("calendar",),
        subjects=("Calendar shows the wrong hour", "Appointments are one hour off", "Time zone problem"),
        opening="Since the clocks changed, every appointment in {product} is one hour late. My phone shows them right.",
        talk=(
            (QUESTION, "Which time zone do you see under Profile > Language and time?"),
            (CUSTOMER, "It says UTC+1. Should it not say the name of a city?"),
            (SOLUTION, "Exactly: please choose your city. A fixed offset knows nothing of summer time."),
        ),
    ),
    Scenario(
        category="technical",
        group=TECHNICAL,
        priority="medium",
        tags=("sync", "bug"),
        subjects=("Changes do not show up on other computers", "{product} does not sync", "Colleagues see old data"),
        opening="When I change an entry in {product}, my colleagues only see it after they sign out and in again. Until "
        "last week it took a second.",
        talk=(
            (ANSWER, "Thank you for the clear description. I see your office's connections drop after a minute."),
            (NOTE, "Their proxy cuts idle websockets at 60 s. Same as two tickets last month."),
            (
                QUESTION,
                "It looks as if a proxy in your network closes quiet connections. Could your administrator raise the "
                "limit for our domain to ten minutes?",
            ),
            (CUSTOMER, "Done, and it works again. They had replaced the proxy."),
            (SOLUTION, "Thank you for telling me. We will keep connections busy from the next version on."),
        ),
    ),
    Scenario(
        category="technical",
        group=FIRST_LINE,
        priority="low",
        tags=("browser",),
        subjects=("Button is missing", "Page looks broken", "I only see half of the page"),
        opening="On my computer the Save button in {product} is not there. My colleague beside me sees it.",
        talk=(
            (QUESTION, "Could you try it in a private window of your browser? Some extensions hide parts of pages."),
            (CUSTOMER, "There it is! Which extension could it be?"),
            (SOLUTION, "Mostly ad blockers. Allow our address in its settings and the button stays."),
        ),
    ),
    Scenario(
        category="security",
        group=TECHNICAL,
        priority="urgent",
        tags=("phishing",),
        subjects=("Suspicious mail in your name", "Is this mail really from you?", "Possible phishing"),
        opening="We received a mail that asks us to confirm our bank details for order {order}. The sender looks like "
        "you, but the link leads elsewhere.",
        talk=(
            (
                QUESTION,
                "Please do not open the link: this mail is not from us. Thank you for telling us. Did anybody enter "
                "data there?",
            ),
            (CUSTOMER, "No, nobody did."),
            (NOTE, "Domain reported to the registrar; warning published on the status page."),
            (SOLUTION, "Good. The page was taken down this afternoon."),
        ),
        fields=("order_number",),
        left_to_rules=("priority", "group"),
    ),
)
