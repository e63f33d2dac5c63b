"""Ideas, questions and praise."""

from .script import ANSWER, CUSTOMER, FIRST_LINE, NOTE, QUESTION, SOLUTION, TECHNICAL, Scenario

WISHES = (
    Scenario(
        category="feature",
        group=FIRST_LINE,
        priority="low",
        tags=("idea",),
        subjects=("Could {product} remember my filters?", "Keep my filters please", "The same three clicks every day"),
        opening="I use {product} all day and wish it would remember the filters I set. I set the same three every "
        "morning.",
        talk=(
            (SOLUTION, "Thank you, we hear this more often lately. I added your vote; you will be told when it comes."),
        ),
    ),
    Scenario(
        category="feature",
        group=FIRST_LINE,
        priority="low",
        tags=("idea", "dark-mode"),
        subjects=("Dark mode please", "{product} is too bright at night"),
        opening="Our night shift works with {product} in a dark room. A dark mode would be a blessing.",
        talk=(
            (NOTE, "Vote number 214. Design has it on the list for spring."),
            (ANSWER, "You are not alone. It is planned for spring, and I would like to invite you to the trial."),
            (CUSTOMER, "Count me in."),
            (SOLUTION, "You are on the list. The invitation comes by mail."),
        ),
    ),
    Scenario(
        category="feature",
        group=TECHNICAL,
        priority="low",
        tags=("api", "export"),
        subjects=("Export to a spreadsheet", "Data for our own reports", "Is there an API for the statistics?"),
        opening="For our own reports we copy numbers from {product} by hand each month. Is there a way to fetch them?",
        talk=(
            (
                QUESTION,
                "There is: every list has an export, and the API gives the same as JSON. Which would you prefer?",
            ),
            (CUSTOMER, "The API. Our developer asks for an example."),
            (SOLUTION, "An example for exactly this report is in the documentation now, under Recipes."),
        ),
    ),
    Scenario(
        category="feature",
        group=FIRST_LINE,
        priority="low",
        tags=("translation",),
        subjects=("{product} in Portuguese?", "Translation mistake", "Another language"),
        opening="Half of our team would be more at ease with {product} in Portuguese. Is this planned? We would help.",
        talk=(
            (ANSWER, "It is not planned yet, but help changes that: translations are open, and two people started."),
            (CUSTOMER, "Please send me the link."),
            (SOLUTION, "It is on our community page, under Translations. Welcome aboard!"),
        ),
    ),
    Scenario(
        category="general",
        group=FIRST_LINE,
        priority="low",
        tags=("praise",),
        subjects=("Thank you!", "Great support", "A compliment for your team"),
        opening="I only want to say thank you. My last request was solved within the hour, and kindly at that.",
        talk=(
            (NOTE, "Printed out and hung up in the kitchen."),
            (SOLUTION, "You made our day. It hangs in our kitchen now."),
        ),
        fields=(),
    ),
    Scenario(
        category="general",
        group=FIRST_LINE,
        priority="medium",
        tags=("question",),
        subjects=("Which product is right for us?", "Difference between the plans", "A question before we buy"),
        opening="We are a team of twelve and cannot decide between {product} and the smaller edition. What is the "
        "difference in daily work?",
        talk=(
            (QUESTION, "Mostly the reports and the number of automations. Do you work with several sites?"),
            (CUSTOMER, "Three sites, and we report to the head office each month."),
            (SOLUTION, "Then {product}: the smaller edition knows one site only. You can try it for 30 days."),
        ),
    ),
)
