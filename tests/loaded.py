"""Loads all of our code, as a program does that starts; `tests.processes` begins from there."""

import gc
import os

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
settings.Q_CLUSTER |= {"poll": 0.2, "guard_cycle": 0.2}
django.setup()
# A collector that looks at what was loaded would make each fork copy it.
gc.collect()
gc.freeze()
