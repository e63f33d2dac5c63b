"""When the tally is looked after."""

from typing import Any

from . import tally


def keep_tally(sender: Any, using: str, **kwargs: Any) -> None:
    if using == "default":
        tally.keep()
