"""What accounts tell the rest of the house, inside the transaction of the verb.

`user_saved` carries `user`, `actor` (None for the system or the person themself), `created`, and `changes`, which
maps a field to its (old, new) values.
`group_deleting` carries `group` and `actor`; whoever refers to the group lets go of it.
`contacts_merging` carries `kept` and `merged`; whoever refers to the merged contact refers to the kept one from then
on. It may be sent again: what has been moved is left alone.
`person_erasing` carries `user`, who is nameless already, the `addresses` and `words` (names and addresses) that are to
be forgotten, `blank_messages`, and `actor`.
"""

from django.dispatch import Signal

user_saved = Signal()
group_deleting = Signal()
contacts_merging = Signal()
person_erasing = Signal()
