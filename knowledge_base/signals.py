"""What the knowledge base tells the floors above, inside the transaction of the verb.

Arguments: `article`, and `actor`, the acting user, or None for the system.
"""

from django.dispatch import Signal

# Also when it was published before, and taken back meanwhile.
article_published = Signal()
