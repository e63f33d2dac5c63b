"""`python -m helpdesk.web_server …`: granian, with its arguments, told to stop at any time."""

import os
import signal


def let_children_end() -> None:
    """A process of granian begins with a copy of its parent's signal handlers, and with its own only once the
    application is loaded. Told to stop meanwhile, it would go on, and be waited for as long as a request may take.
    """
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


if __name__ == "__main__":
    from granian.cli import entrypoint

    let_children_end()
    entrypoint()
