"""What the worker tidies up for tickets."""

from helpdesk.periodic import every

from . import files


@every(minutes=15)
def remove_discarded_files() -> None:
    """Those that a crash left behind; all others go with their attachment."""
    while files.sweep() == files.SWEEP:
        pass
