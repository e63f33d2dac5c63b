"""What the worker does for the knowledge base, as often as anybody likes."""

from helpdesk.periodic import every

from .reading import fold_views


@every(minutes=1)
def view_counts() -> None:
    fold_views()
