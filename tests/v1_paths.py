"""Every method and path of version 1 of the API, and the resource whose scopes it takes; `-` takes none."""

VERSION_1 = """
-       POST /portal/signup
-       POST /portal/login
tickets GET POST /tickets
tickets GET PATCH DELETE /tickets/{id}
tickets POST /tickets/{id}/restore
tickets POST /tickets/{id}/assign
tickets POST /tickets/{id}/pick
tickets GET POST /tickets/{ticketId}/replies
tickets GET POST /tickets/{ticketId}/notes
tickets GET /tickets/{ticketId}/activities
users   GET POST /users
users   GET PATCH /users/{id}
users   GET POST /companies
users   GET PATCH DELETE /companies/{id}
tickets GET POST /custom-fields
tickets PATCH DELETE /custom-fields/{id}
tickets GET POST /automation-rules
tickets PATCH DELETE /automation-rules/{id}
kb      GET POST /kb/categories
kb      PATCH DELETE /kb/categories/{id}
kb      GET POST /kb/folders
kb      GET PATCH DELETE /kb/folders/{id}
kb      GET POST /kb/articles
kb      GET PATCH DELETE /kb/articles/{id}
kb      GET POST /kb/articles/{articleId}/feedback
tickets GET POST /canned-responses
tickets PATCH DELETE /canned-responses/{id}
users   GET POST /agent-groups
users   GET PATCH DELETE /agent-groups/{id}
users   GET POST /agent-groups/{groupId}/members
users   DELETE /agent-groups/{groupId}/members/{id}
tickets GET POST /sla-policies
tickets PATCH DELETE /sla-policies/{id}
tickets GET POST /tickets/{ticketId}/time-entries
tickets POST /time-entries/{id}/toggle
tickets GET /dashboard/stats
tickets GET /reports
-       GET POST /api-keys
-       DELETE /api-keys/{id}
-       POST /api-keys/verify
users   POST /contacts/export
users   POST /companies/export
users   POST /contacts/import
users   POST /companies/import
users   GET /contacts/import/template
users   GET /companies/import/template
"""
EXPORTS = ("/contacts/export", "/companies/export")  # a POST that only reads

# Method, path, scope.
OPERATIONS: list[tuple[str, str, str | None]] = [
    (
        method,
        path,
        None if resource == "-" else f"{resource}:{'read' if method == 'GET' or path in EXPORTS else 'write'}",
    )
    for resource, *methods, path in map(str.split, VERSION_1.strip().splitlines())
    for method in methods
]
