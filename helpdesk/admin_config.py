from django.contrib.admin.apps import AdminConfig


class HelpDeskAdminConfig(AdminConfig):
    """Django's admin, with our site in place of its own."""

    default_site = "helpdesk.admin_site.HelpDeskAdmin"
