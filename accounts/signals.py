"""What accounts tell the rest of the house, inside the transaction of the verb.

`user_saved` carries `user`, `actor` (None for the system or the person themself), `created`, and `changes`, which
maps a field to its (old, new) values.
"""

from django.dispatch import Signal

user_saved = Signal()
