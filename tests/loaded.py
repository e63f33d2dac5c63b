"""Loads all of our code when it is imported, as a program does that starts: what `tests.processes` forks from."""

import gc
import os

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
# Tests wait for workers, so these look for jobs more often.
settings.Q_CLUSTER |= {"poll": 0.2, "guard_cycle": 0.2}
django.setup()
# A garbage collector that looks at what was loaded writes into it, and each fork would have to copy it.
gc.collect()
gc.freeze()
