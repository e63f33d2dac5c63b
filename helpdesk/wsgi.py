"""The WSGI entry point that granian, or any other WSGI server, serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

application = get_wsgi_application()

# What was loaded by now stays for as long as the process lives: the collector need not look at it again and again,
# and a page of a thousand rows should not make it start a dozen times.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
