"""Money."""

from .script import ANSWER, BILLING, CUSTOMER, NOTE, QUESTION, SOLUTION, Scenario

BILLS = (
    Scenario(
        category="billing",
        group=BILLING,
        priority="high",
        tags=("payment", "refund"),
        subjects=("Payment failed but I was charged", "Charged twice for order {order}", "Double charge on my card"),
        opening="My payment for order {order} failed with an error, but my bank shows a charge of {amount}. When I tried "
        "again it was charged a second time. Please refund one of the two.",
        talk=(
            (NOTE, "Gateway timeout on the first attempt. Reservation released by hand."),
            (
                ANSWER,
                "I am sorry about that. I can see both charges. The first one was only reserved, and I released it; "
                "depending on your bank it disappears within three to five days.",
            ),
            (CUSTOMER, "It is back in my account. Thanks for the quick help."),
            (SOLUTION, "Thank you for confirming. I close this then."),
        ),
        fields=("order_number",),
        left_to_rules=("group",),
    ),
    Scenario(
        category="billing",
        group=BILLING,
        priority="low",
        tags=("invoice",),
        subjects=("Invoice with the wrong address", "Please correct our invoice", "VAT number missing on the invoice"),
        opening="The invoice for order {order} shows our old address and lacks our VAT number. Our accounting cannot "
        "book it like this. Could you send a corrected one?",
        talk=(
            (QUESTION, "Of course. Please send me the address and the VAT number as they should appear."),
            (CUSTOMER, "It is the address in our profile now, and the number is in the footer of this mail."),
            (SOLUTION, "The corrected invoice is in your account under Billing, dated today."),
        ),
        fields=("order_number",),
        left_to_rules=("group",),
    ),
    Scenario(
        category="billing",
        group=BILLING,
        priority="medium",
        tags=("plan", "upgrade"),
        subjects=("Upgrade to the yearly plan", "Five more seats", "Change of plan"),
        opening="We think about moving {product} to the yearly plan. Does the rest of this month count, and can we add "
        "five seats at the same time?",
        talk=(
            (
                QUESTION,
                "Yes to both: the unused days are credited, and seats can be added in the same step. With five more "
                "the first year would be {amount}. Shall I prepare it?",
            ),
            (CUSTOMER, "Please do. My manager agreed."),
            (SOLUTION, "Done: the new plan runs from today, and the credit is on the first invoice."),
        ),
    ),
    Scenario(
        category="billing",
        group=BILLING,
        priority="medium",
        tags=("cancellation",),
        subjects=("Cancel our subscription", "We do not need {product} any more", "End of contract"),
        opening="We are closing the branch that used {product}. Please end the subscription at the next possible date "
        "and tell me how to keep our data.",
        talk=(
            (
                ANSWER,
                "I am sorry to see you go. The subscription ends with this month. Until 30 days later you can download "
                "everything under Settings > Export.",
            ),
            (CUSTOMER, "The export worked. Is the data deleted afterwards?"),
            (NOTE, "Marked for deletion in 30 days, account manager informed."),
            (SOLUTION, "Yes, completely, and you get a confirmation. All the best for the move!"),
        ),
    ),
    Scenario(
        category="billing",
        group=BILLING,
        priority="low",
        tags=("invoice", "reminder"),
        subjects=("Reminder although we paid", "Your reminder for order {order}", "We have paid this already"),
        opening="We received a reminder for {amount}, but we paid it two weeks ago. The transfer slip is at hand if you "
        "need it.",
        talk=(
            (QUESTION, "Could you tell me which reference you wrote on the transfer?"),
            (CUSTOMER, "Our own customer number, I see now, not the number of the invoice."),
            (NOTE, "Found among the unassigned payments, booked."),
            (SOLUTION, "Found it, and booked to your invoice. Please ignore the reminder; no fee is due."),
        ),
        fields=("order_number",),
    ),
    Scenario(
        category="billing",
        group=BILLING,
        priority="medium",
        tags=("card",),
        subjects=("Card was declined", "Cannot change our credit card", "New card for our subscription"),
        opening="Our card was replaced by the bank. When I enter the new one for {product}, the page says 'declined', "
        "although the card works everywhere else.",
        talk=(
            (QUESTION, "Your bank asks for a confirmation in its app. Did a request appear there when you tried?"),
            (CUSTOMER, "It went to my colleague's phone. She confirmed, and now it is accepted."),
            (SOLUTION, "Good. The open invoice of {amount} is paid with it, too."),
        ),
    ),
    Scenario(
        category="billing",
        group=BILLING,
        priority="low",
        tags=("quote",),
        subjects=("Quote for 40 seats", "Do you offer discounts for schools?", "Price for a larger team"),
        opening="We would like to introduce {product} for 40 people from next quarter. Could you send us a quote, and is "
        "there a discount for non-profit organisations?",
        talk=(
            (ANSWER, "Gladly. For non-profits 30 % are taken off: that makes {amount} a month for 40 seats."),
            (CUSTOMER, "That sounds good. Is this valid until the end of the month?"),
            (SOLUTION, "It is valid for 60 days. The quote is attached to your account under Billing > Quotes."),
        ),
    ),
)
