"""Parcels, there and back."""

from .script import ANSWER, CUSTOMER, NOTE, QUESTION, SHIPPING, SOLUTION, Scenario

ORDERED = ("device", "order_number")

PARCELS = (
    Scenario(
        category="shipping",
        group=SHIPPING,
        priority="medium",
        tags=("delivery",),
        subjects=("Where is my order {order}?", "Parcel has not moved for a week", "Order {order} not delivered"),
        opening="Order {order} was supposed to arrive last Tuesday. The tracking page has said 'in transit' for a week.",
        talk=(
            (
                ANSWER,
                "I opened an enquiry with the carrier. They have two working days to answer; I will tell you then.",
            ),
            (NOTE, "Carrier lost the parcel. Replacement authorised."),
            (ANSWER, "The parcel is lost. A replacement leaves our warehouse today by express, at our cost."),
            (CUSTOMER, "It arrived this morning. Thank you!"),
            (SOLUTION, "Glad to hear it. Should the first parcel turn up after all, just refuse it."),
        ),
        fields=ORDERED,
    ),
    Scenario(
        category="shipping",
        group=SHIPPING,
        priority="high",
        tags=("damage",),
        subjects=("{device} arrived broken", "Damaged parcel", "Screen cracked on delivery"),
        opening="The parcel with order {order} was crushed on one side, and the {device} inside does not turn on. I took "
        "pictures of the box.",
        talk=(
            (
                QUESTION,
                "I am sorry! Please keep the box for the carrier. A return label is on its way to you, and the "
                "replacement ships as soon as the parcel is scanned.",
            ),
            (CUSTOMER, "Handed it in this morning."),
            (SOLUTION, "It was scanned at noon, and the replacement is on its way."),
        ),
        fields=ORDERED,
    ),
    Scenario(
        category="returns",
        group=SHIPPING,
        priority="low",
        tags=("return",),
        subjects=("Return of order {order}", "Wrong model, how do I send it back?", "I would like to return {device}"),
        opening="I ordered the wrong model by mistake. It is unopened. How can I send it back?",
        talk=(
            (QUESTION, "No problem: you have thirty days. A label is in your account under Orders; just drop it off."),
            (CUSTOMER, "Done, thank you."),
            (SOLUTION, "We have received it. The refund of {amount} is on its way."),
        ),
        fields=ORDERED,
    ),
    Scenario(
        category="shipping",
        group=SHIPPING,
        priority="medium",
        tags=("address",),
        subjects=("Wrong delivery address", "Change the address of order {order}", "We have moved"),
        opening="I just noticed that order {order} goes to our old office. Can you still change that?",
        talk=(
            (NOTE, "Already packed. Warehouse pulls it out."),
            (SOLUTION, "Just in time: the parcel was packed but not picked up. It goes to the new address today."),
        ),
        fields=("order_number",),
    ),
    Scenario(
        category="shipping",
        group=SHIPPING,
        priority="medium",
        tags=("incomplete",),
        subjects=("Something is missing in the box", "Only two of three {device} delivered", "Power supply missing"),
        opening="We ordered three {device}, but there were two in the parcel. The delivery note of order {order} says "
        "three.",
        talk=(
            (QUESTION, "Sorry for that. What weight is printed on the label of the box?"),
            (CUSTOMER, "2.1 kg."),
            (NOTE, "Three would weigh 3.0 kg. Packing error on our side."),
            (SOLUTION, "Then it never was inside. The third one leaves today, with next-day delivery."),
        ),
        fields=ORDERED,
    ),
    Scenario(
        category="shipping",
        group=SHIPPING,
        priority="low",
        tags=("customs",),
        subjects=("Customs asks for papers", "Order {order} is held by customs", "Import duty"),
        opening="Customs holds order {order} and asks for a commercial invoice and the origin of the goods.",
        talk=(
            (ANSWER, "Both papers are in your account under Orders now; I also sent them to the customs office."),
            (CUSTOMER, "They released it. There was a fee of {amount}, is this correct?"),
            (NOTE, "Goods are worth less than the threshold. Their office counted the shipping twice."),
            (SOLUTION, "They added the shipping twice. With the form I sent you the difference comes back."),
        ),
        fields=("order_number",),
    ),
)
