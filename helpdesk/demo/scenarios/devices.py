"""Things that can be held in a hand."""

from .script import ANSWER, CUSTOMER, FIRST_LINE, NOTE, QUESTION, SHIPPING, SOLUTION, TECHNICAL, Scenario

HELD = ("device", "serial_number")

DEVICES = (
    Scenario(
        category="hardware",
        group=TECHNICAL,
        priority="medium",
        tags=("warranty", "battery"),
        subjects=("{device} does not charge any more", "Battery lasts only an hour", "Warranty question: {device}"),
        opening="My {device} is eleven months old and the battery lasts barely an hour. Is this covered by the warranty?",
        talk=(
            (QUESTION, "It is. Could you read me the serial number from the label on the back?"),
            (CUSTOMER, "It says {serial}."),
            (NOTE, "{serial} is of the batch with the weak cells. Exchange without inspection."),
            (SOLUTION, "Thank you. We send you a new battery and a bag in which to return the old one."),
        ),
        fields=HELD,
    ),
    Scenario(
        category="hardware",
        group=TECHNICAL,
        priority="high",
        tags=("firmware",),
        subjects=("{device} stuck after update", "Update failed at 80 %", "{device} shows only the logo"),
        opening="I started the update of my {device} last night. It stopped at 80 % and now it shows only the logo. "
        "Holding the power button does not help.",
        talk=(
            (
                QUESTION,
                "That can be repaired. Please connect it to a computer, hold both side buttons for ten seconds, and "
                "tell me what the light does.",
            ),
            (CUSTOMER, "It blinks blue, three times, then pauses."),
            (ANSWER, "Perfect: it waits for the rescue image. Download it from the link below and copy it over."),
            (CUSTOMER, "It took twenty minutes, but it is alive again!"),
            (SOLUTION, "Great. The update is complete, you need not run it again."),
        ),
        fields=HELD,
    ),
    Scenario(
        category="hardware",
        group=FIRST_LINE,
        priority="medium",
        tags=("wifi", "setup"),
        subjects=("{device} does not find our network", "Setup fails at the wifi step", "Cannot connect {device}"),
        opening="I am setting up a new {device}. It lists the neighbours' networks but not ours. All other computers "
        "are online.",
        talk=(
            (QUESTION, "Is your network a 5 GHz one only? The first setup needs 2.4 GHz; afterwards either works."),
            (CUSTOMER, "Yes, our IT switched 2.4 off. They opened a guest network for me, and now it is connected."),
            (SOLUTION, "Then you can switch it to the usual network under Settings > Connection."),
        ),
        fields=HELD,
    ),
    Scenario(
        category="hardware",
        group=TECHNICAL,
        priority="low",
        tags=("accuracy",),
        subjects=("{device} reads wrong values", "Two devices show different numbers", "Calibration of {device}"),
        opening="We have two {device} on the same desk, and they differ by about four percent. Which one is right?",
        talk=(
            (QUESTION, "Please put both into the same drawer for an hour and send me the two readings afterwards."),
            (CUSTOMER, "Now they differ by 0.3. The one by the window is the one that was off."),
            (NOTE, "Sunlight. The manual says so on page 31, which nobody reads."),
            (
                SOLUTION,
                "Then both are fine: direct sunlight disturbs the sensor. A place in the shade is all it needs.",
            ),
        ),
        fields=HELD,
    ),
    Scenario(
        category="hardware",
        group=TECHNICAL,
        priority="medium",
        tags=("printing",),
        subjects=("Labels come out blank", "{device} prints every second label only"),
        opening="Since we opened the new roll, the printer of our {device} leaves every second label blank.",
        talk=(
            (QUESTION, "Which label size is printed on the roll?"),
            (CUSTOMER, "50 by 25. The old ones were 50 by 30, I notice now."),
            (SOLUTION, "That is it. Choose 50 × 25 under Printing > Media and run 'Measure labels' once."),
        ),
        fields=HELD,
    ),
    Scenario(
        category="hardware",
        group=SHIPPING,
        priority="medium",
        tags=("spare-part",),
        subjects=("Spare part for {device}", "Where can I buy a new cable?", "Stand of {device} is broken"),
        opening="The stand of my {device} broke off when it fell from the desk. The rest works. Can I buy just the stand?",
        talk=(
            (
                ANSWER,
                "Certainly. It costs {amount} including shipping. Shall I send one to the address of your account?",
            ),
            (CUSTOMER, "Yes please, the address is right."),
            (SOLUTION, "It is on its way under order {order}."),
        ),
        fields=("device", "order_number"),
    ),
)
