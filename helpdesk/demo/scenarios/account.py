"""Who may come in, and what is known about them."""

from .script import ANSWER, CUSTOMER, FIRST_LINE, NOTE, QUESTION, SOLUTION, TECHNICAL, Scenario

ACCOUNT = (
    Scenario(
        category="account",
        group=FIRST_LINE,
        priority="high",
        tags=("login",),
        subjects=("Cannot access my account", "Login fails since this morning", "Locked out of {product}"),
        opening="I'm unable to log into {product}. It says my password is wrong, but I have not changed it. I tried two "
        "browsers and my phone. I need to get in before noon.",
        talk=(
            (ANSWER, "I have sent you a link to set a new password; it works for two hours."),
            (CUSTOMER, "The link worked, thank you! Why did this happen?"),
            (NOTE, "Locked after ten failed attempts from an address we have seen in other attacks."),
            (
                SOLUTION,
                "Somebody tried to guess your password, so the account was locked. Nothing was accessed. I suggest to "
                "turn on two-factor sign-in under Settings.",
            ),
        ),
    ),
    Scenario(
        category="account",
        group=FIRST_LINE,
        priority="low",
        tags=("users",),
        subjects=("How do I remove a former employee?", "Change of our main contact", "A colleague left us"),
        opening="A colleague left us. How do I hand her open entries in {product} to somebody else and remove her access?",
        talk=(
            (
                SOLUTION,
                "Under Company > People you can deactivate her; what she filed stays and can be reassigned there.",
            ),
        ),
    ),
    Scenario(
        category="account",
        group=FIRST_LINE,
        priority="medium",
        tags=("privacy", "gdpr"),
        subjects=("Request for a copy of my data", "What do you know about me?", "Data protection request"),
        opening="According to data protection law I would like a copy of everything you have stored about me.",
        talk=(
            (NOTE, "Identity checked by calling back. Export requested from the data protection officer."),
            (ANSWER, "We have confirmed your identity. You receive an encrypted archive within ten days."),
            (CUSTOMER, "It has arrived. How do I open it?"),
            (SOLUTION, "With the code we sent to your phone. It stays valid for a week."),
        ),
        fields=(),
    ),
    Scenario(
        category="account",
        group=FIRST_LINE,
        priority="medium",
        tags=("privacy", "deletion"),
        subjects=("Please delete my account", "Delete my data", "I want to be forgotten"),
        opening="I no longer use {product} and would like my account and all data to be deleted.",
        talk=(
            (QUESTION, "We will do that. It cannot be undone: do you want an export first?"),
            (CUSTOMER, "No, thank you, just delete it."),
            (NOTE, "No open invoices. Deletion started."),
            (SOLUTION, "Your account is closed, and the data will be gone from all backups within 30 days."),
        ),
        fields=(),
    ),
    Scenario(
        category="account",
        group=TECHNICAL,
        priority="medium",
        tags=("sso", "setup"),
        subjects=("Single sign-on for our company", "SAML error after certificate change", "SSO does not work"),
        opening="We want our people to sign in to {product} with their company account. Our directory gives us a "
        "metadata file; where does it go?",
        talk=(
            (
                ANSWER,
                "Under Company > Sign-in you can upload it. Please keep one admin with a password until it works.",
            ),
            (CUSTOMER, "It says the audience does not match."),
            (NOTE, "They copied the address with a trailing slash."),
            (QUESTION, "In your directory, could you remove the slash at the end of the audience address?"),
            (CUSTOMER, "That was it."),
            (SOLUTION, "Perfect. You can switch off passwords for the others now."),
        ),
    ),
    Scenario(
        category="account",
        group=FIRST_LINE,
        priority="medium",
        tags=("two-factor",),
        subjects=("New phone, no codes", "Lost my second factor", "Cannot get past the code"),
        opening="I have a new phone and the codes for {product} are still on the old one, which I gave away.",
        talk=(
            (QUESTION, "Do you still have one of the recovery codes from the day you turned it on?"),
            (CUSTOMER, "I do not think so. My manager is copied in; she can confirm that it is me."),
            (NOTE, "Manager confirmed by phone, on the number of the contract."),
            (SOLUTION, "Thank you both. The second factor is reset; you set up the new phone when you next sign in."),
        ),
    ),
    Scenario(
        category="account",
        group=FIRST_LINE,
        priority="low",
        tags=("email",),
        subjects=("New e-mail address", "Our domain has changed", "Please change my address"),
        opening="Our company has a new name and thereby new e-mail addresses. How do we change those of all 60 users?",
        talk=(
            (ANSWER, "No need to touch each one. Once your new domain is proven, all addresses change in one step."),
            (CUSTOMER, "The record is in our DNS now."),
            (
                SOLUTION,
                "Confirmed and changed. People sign in with the new address; mail to the old one still arrives.",
            ),
        ),
    ),
    Scenario(
        category="training",
        group=FIRST_LINE,
        priority="low",
        tags=("onboarding",),
        subjects=("Training for new colleagues", "Recording of the webinar", "Where do we start with {product}?"),
        opening="We have six new colleagues next month. Do you offer an introduction to {product}, and what is the cost?",
        talk=(
            (QUESTION, "Two sessions a year are included in your plan. Would the first Tuesday suit you?"),
            (CUSTOMER, "Yes, ten o'clock would be ideal."),
            (SOLUTION, "Booked. The invitation is on its way."),
        ),
    ),
)
