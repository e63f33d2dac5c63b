"""What accounts tell the rest of the house, inside the transaction of the verb.

`user_saved` carries `user`, `actor` (None for the system or the person themself), `created`, and `changes`, which
maps a field to its (old, new) values.
`group_deleting` carries `group` and `actor`; whoever refers to the group lets go of it.
"""

from django.dispatch import Signal

user_saved = Signal()
group_deleting = Signal()
