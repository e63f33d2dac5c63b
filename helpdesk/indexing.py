"""Indexes that are made and dropped on large tables while everybody goes on working."""

from typing import Any

from django.db import connection
from django.db.migrations.operations import AddIndex, RemoveIndex

# Of a migration with these operations: PostgreSQL makes no index beside other work within a transaction.
IN_ONE_TRANSACTION = connection.vendor != "postgresql"


class AddIndexMeanwhile(AddIndex):
    """On PostgreSQL without a lock that writers would wait for; begun again from the start after a crash."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        add(self.index, self.model_name, app_label, schema_editor, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        remove(self.index, self.model_name, app_label, schema_editor, from_state)


class RemoveIndexMeanwhile(RemoveIndex):
    """The same for an index that goes."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        remove(index, self.model_name, app_label, schema_editor, from_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        add(index, self.model_name, app_label, schema_editor, to_state)


def add(index: Any, model_name: str, app_label: str, schema_editor: Any, state: Any) -> None:
    model = state.apps.get_model(app_label, model_name)
    if IN_ONE_TRANSACTION:
        schema_editor.add_index(model, index)
        return
    # What was interrupted leaves an index that is kept up to date and serves nobody.
    schema_editor.remove_index(model, index, concurrently=True)
    schema_editor.add_index(model, index, concurrently=True)


def remove(index: Any, model_name: str, app_label: str, schema_editor: Any, state: Any) -> None:
    model = state.apps.get_model(app_label, model_name)
    if IN_ONE_TRANSACTION:
        schema_editor.remove_index(model, index)
    else:
        schema_editor.remove_index(model, index, concurrently=True)  # IF EXISTS
