"""What Django would show at /admin/ and we do not have: its own groups and permissions."""

import django.contrib.auth.admin  # noqa: F401 - registers them
from django.contrib import admin
from django.contrib.auth.models import Group

admin.site.unregister(Group)
