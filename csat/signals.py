"""What surveys tell the rest of the house, inside the transaction that writes the answer.

Arguments: `survey`, `first` (whether it is the first answer, or a change of mind).
"""

from django.dispatch import Signal

survey_answered = Signal()
