"""Password hashing."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum: 19 MiB, two passes, one lane.

    Django's default of 100 MiB a check lets a handful of parallel sign-ins exhaust a small server.
    Source: OWASP Password Storage Cheat Sheet.
    """

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1
