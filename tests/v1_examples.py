"""Every example of the version 1 API as an integrator wrote it: a table by section.

What stands in braces is an id of the fixture `ids` of test_v1_document.
"""

from typing import Any

TICKET = (
    "id ticketNumber subject description status priority category customerId assigneeId groupId parentTicketId "
    "linkedTicketIds tags customFields source slaDeadline firstResponseAt resolvedAt dueDate createdAt updatedAt"
)
REPLY = "id ticketId userId content isInternal createdAt"
NOTE = "id ticketId userId content isPrivate createdAt"
ACTIVITY = "id ticketId userId action oldValue newValue createdAt"
USER = "id username email name phone role ticketScope avatarUrl companyId tags customFields isActive createdAt"
COMPANY = "id name description domains industry healthScore accountTier renewalDate customFields"
CUSTOM_FIELD = (
    "id entityType name label fieldType options isRequired requiredOnClose customerCanView customerCanEdit "
    "placeholder helpText position isActive"
)
ACCOUNT = "id username email name role isActive createdAt"
API_KEY = "id name keyPrefix scopes isActive expiresAt lastUsedAt createdAt"
CANNED = "id title content shortcut category createdBy createdAt"
GROUP = "id name description autoAssign assignmentMethod createdAt"
MEMBER = "id groupId userId isLeader createdAt"
RULE = "id name description ruleType trigger conditionMatch conditions actions isActive executionCount lastExecutedAt"
POLICY = (
    "id name description priority firstResponseTime resolutionTime businessHoursId escalationEmail isActive createdAt"
)
KB_CATEGORY = "id name description icon order createdAt"
KB_FOLDER = "id categoryId name description visibility order createdAt"
KB_ARTICLE = (
    "id categoryId folderId title slug content excerpt status isPublished tags viewCount helpfulCount notHelpfulCount "
    "authorId approverId approvedAt seoTitle seoDescription createdAt updatedAt"
)
KB_FEEDBACK = "id articleId userId isHelpful comment createdAt"
DASHBOARD = (
    "totalTickets openTickets resolvedToday avgResponseTime unassignedTickets overdueTickets slaBreached byStatus"
)
REPORT = "summary ticketVolume resolutionTime categoryDistribution priorityDistribution agentPerformance"
SURVEY = "id ticketId customerId agentId rating feedback sentAt respondedAt"
TIME_ENTRY = "id ticketId userId timeSpent note billable timerRunning timerStartedAt createdAt"
IMPORTED = "success imported updated failed errors"

# Section, method, path, body, status, attributes of the answer (of each row, if it is an array), what it must hold.
EXAMPLES: list[tuple[str, str, str, Any, int, str, dict[str, Any]]] = [
    (
        "Portal Signup",
        "POST",
        "/api/portal/signup",
        {"name": "John Doe", "email": "john@example.com", "password": "securepassword123"},
        201,
        ACCOUNT,
        {"username": "john", "email": "john@example.com", "name": "John Doe", "role": "customer", "isActive": True},
    ),
    (
        "Portal Login",
        "POST",
        "/api/portal/login",
        {"email": "jane@example.com", "password": "securepassword123"},
        200,
        ACCOUNT,
        {"email": "jane@example.com", "role": "customer", "isActive": True},
    ),
    ("List All Tickets", "GET", "/api/tickets?status=open&priority=high", None, 200, TICKET, {"priority": "high"}),
    ("Get a Ticket", "GET", "/api/tickets/{ticket}", None, 200, TICKET, {"id": "{ticket}", "assigneeId": None}),
    (
        "Create a Ticket",
        "POST",
        "/api/tickets",
        {
            "subject": "Payment processing issue",
            "description": "My payment failed but I was charged",
            "customerId": "{customer}",
            "priority": "high",
            "category": "billing",
            "tags": ["payment", "urgent"],
        },
        201,
        TICKET,
        {
            "subject": "Payment processing issue",
            "description": "My payment failed but I was charged",
            "status": "open",
            "priority": "high",
            "category": "billing",
            "customerId": "{customer}",
            "assigneeId": None,
            "tags": ["payment", "urgent"],
            "customFields": {},
            "source": "api",
        },
    ),
    (
        "Update a Ticket",
        "PATCH",
        "/api/tickets/{ticket}",
        {"status": "in_progress", "assigneeId": "{agent}", "priority": "urgent"},
        200,
        TICKET,
        {"id": "{ticket}", "status": "in_progress", "assigneeId": "{agent}", "priority": "urgent"},
    ),
    ("Delete a Ticket", "DELETE", "/api/tickets/{ticket}", None, 204, "", {}),
    ("Restore a Ticket", "POST", "/api/tickets/{closed}/restore", None, 200, TICKET, {"status": "open"}),
    (
        "Assign a Ticket",
        "POST",
        "/api/tickets/{ticket}/assign",
        {"assigneeId": "{agent}"},
        200,
        TICKET,
        {"assigneeId": "{agent}"},
    ),
    (
        "Pick a Ticket",
        "POST",
        "/api/tickets/{ticket}/pick",
        {"agentId": "{agent}"},
        200,
        TICKET,
        {"assigneeId": "{agent}"},
    ),
    ("List Ticket Replies", "GET", "/api/tickets/{talk}/replies", None, 200, REPLY, {"isInternal": False}),
    (
        "Create a Reply",
        "POST",
        "/api/tickets/{ticket}/replies",
        {
            "userId": "{agent}",
            "content": "I have reset your password. Please try logging in again.",
            "isInternal": False,
        },
        201,
        REPLY,
        {"ticketId": "{ticket}", "userId": "{agent}", "isInternal": False},
    ),
    ("List Ticket Notes", "GET", "/api/tickets/{talk}/notes", None, 200, NOTE, {"isPrivate": True}),
    (
        "Create a Ticket Note",
        "POST",
        "/api/tickets/{ticket}/notes",
        {"userId": "{agent}", "content": "Called back."},
        201,
        NOTE,
        {"isPrivate": True, "content": "Called back."},
    ),
    ("List Ticket Activities", "GET", "/api/tickets/{talk}/activities", None, 200, ACTIVITY, {"ticketId": "{talk}"}),
    ("List Users", "GET", "/api/users?role=customer", None, 200, USER, {"role": "customer"}),
    ("Get a User", "GET", "/api/users/{agent}", None, 200, USER, {"id": "{agent}", "role": "agent"}),
    (
        "Create a User",
        "POST",
        "/api/users",
        {"username": "mary", "email": "mary@example.com", "name": "Mary Major"},
        201,
        USER,
        {"username": "mary", "role": "customer", "phone": None, "companyId": None, "tags": [], "isActive": True},
    ),
    ("Update a User", "PATCH", "/api/users/{customer}", {"phone": "+49 30 1"}, 200, USER, {"phone": "+49 30 1"}),
    ("List Companies", "GET", "/api/companies", None, 200, COMPANY, {}),
    ("Get a Company", "GET", "/api/companies/{company}", None, 200, COMPANY, {"id": "{company}"}),
    (
        "Create a Company",
        "POST",
        "/api/companies",
        {"name": "Globex", "domains": ["globex.example"], "accountTier": "premium", "renewalDate": "2027-01-31"},
        201,
        COMPANY,
        {"domains": ["globex.example"], "accountTier": "premium", "renewalDate": "2027-01-31T00:00:00.000Z"},
    ),
    (
        "Update a Company",
        "PATCH",
        "/api/companies/{company}",
        {"healthScore": "at_risk"},
        200,
        COMPANY,
        {"healthScore": "at_risk"},
    ),
    ("Delete a Company", "DELETE", "/api/companies/{company}", None, 204, "", {}),
    (
        "List Custom Fields",
        "GET",
        "/api/custom-fields?entityType=ticket",
        None,
        200,
        CUSTOM_FIELD,
        {"entityType": "ticket"},
    ),
    (
        "Create a Custom Field",
        "POST",
        "/api/custom-fields",
        {"entityType": "ticket", "name": "plan", "label": "Plan", "fieldType": "dropdown", "options": ["A", "B"]},
        201,
        CUSTOM_FIELD,
        {"options": ["A", "B"], "isRequired": False, "requiredOnClose": False, "isActive": True, "position": 0},
    ),
    (
        "Update a Custom Field",
        "PATCH",
        "/api/custom-fields/{field}",
        {"label": "Area"},
        200,
        CUSTOM_FIELD,
        {"label": "Area"},
    ),
    ("Delete a Custom Field", "DELETE", "/api/custom-fields/{field}", None, 204, "", {}),
    ("List API Keys", "GET", "/api/api-keys", None, 200, API_KEY, {"isActive": True}),
    (
        "Create an API Key",
        "POST",
        "/api/api-keys",
        {"name": "Shop", "scopes": ["tickets:read"], "expiresAt": "2099-01-01T00:00:00Z"},
        201,
        f"{API_KEY} key message",
        {"name": "Shop", "scopes": ["tickets:read"], "expiresAt": "2099-01-01T00:00:00.000Z"},
    ),
    ("Revoke an API Key", "DELETE", "/api/api-keys/{key}", None, 204, "", {}),
    (
        "Export Contacts",
        "POST",
        "/api/contacts/export",
        {"fields": ["email", "name"], "format": "json"},
        200,
        "email name",
        {},
    ),
    ("Export Companies", "POST", "/api/companies/export", {"format": "json"}, 200, "name healthScore accountTier", {}),
    (
        "Import Contacts",
        "POST",
        "/api/contacts/import",
        {"data": [{"name": "Ann", "email": "ann@example.com"}]},
        200,
        IMPORTED,
        {"success": True, "imported": 1, "updated": 0, "failed": 0, "errors": []},
    ),
    (
        "Import Companies",
        "POST",
        "/api/companies/import",
        {"data": [{"name": "Initech", "accountTier": "free"}]},
        200,
        IMPORTED,
        {"success": True, "imported": 1, "updated": 0, "failed": 0, "errors": []},
    ),
    ("Download Templates: contacts", "GET", "/api/contacts/import/template", None, 200, "", {}),
    ("Download Templates: companies", "GET", "/api/companies/import/template", None, 200, "", {}),
    ("Verify an API Key", "POST", "/api/api-keys/verify", None, 200, "valid keyId name scopes user", {"valid": True}),
    ("Canned Responses: list", "GET", "/api/canned-responses", None, 200, CANNED, {}),
    (
        "Canned Responses: create",
        "POST",
        "/api/canned-responses",
        {"title": "Hi", "content": "Hello"},
        201,
        CANNED,
        {"title": "Hi"},
    ),
    (
        "Canned Responses: update",
        "PATCH",
        "/api/canned-responses/{canned}",
        {"title": "Ho"},
        200,
        CANNED,
        {"title": "Ho"},
    ),
    ("Canned Responses: delete", "DELETE", "/api/canned-responses/{canned}", None, 204, "", {}),
    ("Agent Groups: list", "GET", "/api/agent-groups", None, 200, GROUP, {}),
    ("Agent Groups: get", "GET", "/api/agent-groups/{group}", None, 200, GROUP, {"id": "{group}"}),
    ("Agent Groups: create", "POST", "/api/agent-groups", {"name": "Tier 2"}, 201, GROUP, {"autoAssign": False}),
    (
        "Agent Groups: update",
        "PATCH",
        "/api/agent-groups/{group}",
        {"autoAssign": True},
        200,
        GROUP,
        {"autoAssign": True},
    ),
    ("Agent Groups: delete", "DELETE", "/api/agent-groups/{group}", None, 204, "", {}),
    ("Agent Groups: members", "GET", "/api/agent-groups/{group}/members", None, 200, MEMBER, {"groupId": "{group}"}),
    (
        "Agent Groups: add",
        "POST",
        "/api/agent-groups/{group}/members",
        {"userId": "{admin}"},
        201,
        MEMBER,
        {"userId": "{admin}"},
    ),
    ("Agent Groups: remove", "DELETE", "/api/agent-groups/{group}/members/{agent}", None, 204, "", {}),
    ("Time Tracking: list", "GET", "/api/tickets/{talk}/time-entries", None, 200, TIME_ENTRY, {"timeSpent": 5}),
    (
        "Create an Automation Rule",
        "POST",
        "/api/automation-rules",
        {
            "name": "Technical tickets are urgent",
            "description": "Rule description",
            "ruleType": "ticket_creation",
            "trigger": "ticket_created",
            "conditionMatch": "all",
            "conditions": [{"field": "category", "operator": "is", "value": "technical"}],
            "actions": [{"type": "set_priority", "value": "urgent"}],
            "isActive": True,
        },
        201,
        RULE,
        {
            "conditions": [{"field": "category", "operator": "is", "value": "technical"}],
            "actions": [{"type": "set_priority", "value": "urgent"}],
            "executionCount": 0,
            "lastExecutedAt": None,
        },
    ),
    ("Reports: dashboard", "GET", "/api/dashboard/stats", None, 200, DASHBOARD, {"resolvedToday": 2}),
    ("Reports", "GET", "/api/reports", None, 200, REPORT, {}),
    ("CSAT: list", "GET", "/api/csat-surveys?ticketId={rated}", None, 200, SURVEY, {"rating": 4}),
    ("CSAT: get", "GET", "/api/csat-surveys/{survey}", None, 200, SURVEY, {"id": "{survey}", "ticketId": "{rated}"}),
    (
        "CSAT: create",
        "POST",
        "/api/csat-surveys",
        {"ticketId": "{solved}", "rating": 5, "feedback": "Thank you"},
        201,
        SURVEY,
        {"ticketId": "{solved}", "customerId": "{customer}", "rating": 5, "feedback": "Thank you"},
    ),
    ("List Automation Rules", "GET", "/api/automation-rules", None, 200, RULE, {"conditionMatch": "all"}),
    (
        "Update an Automation Rule",
        "PATCH",
        "/api/automation-rules/{rule}",
        {"isActive": False},
        200,
        RULE,
        {"isActive": False},
    ),
    ("Delete an Automation Rule", "DELETE", "/api/automation-rules/{rule}", None, 204, "", {}),
    (
        "SLA Policies: create",
        "POST",
        "/api/sla-policies",
        {"name": "Urgent", "priority": "urgent", "firstResponseTime": 60, "resolutionTime": 480},
        201,
        POLICY,
        {"priority": "urgent", "firstResponseTime": 60, "resolutionTime": 480, "isActive": True},
    ),
    ("SLA Policies: list", "GET", "/api/sla-policies", None, 200, POLICY, {"priority": "low"}),
    ("SLA Policies: update", "PATCH", "/api/sla-policies/{policy}", {"name": "New"}, 200, POLICY, {"name": "New"}),
    ("SLA Policies: delete", "DELETE", "/api/sla-policies/{policy}", None, 204, "", {}),
    (
        "Time Tracking: create",
        "POST",
        "/api/tickets/{ticket}/time-entries",
        {"userId": "{agent}", "timeSpent": 30},
        201,
        TIME_ENTRY,
        {"timeSpent": 30, "timerRunning": False},
    ),
    (
        "Time Tracking: toggle",
        "POST",
        "/api/time-entries/{entry}/toggle",
        None,
        200,
        TIME_ENTRY,
        {"timerRunning": True},
    ),
    ("Categories: list", "GET", "/api/kb/categories", None, 200, KB_CATEGORY, {"name": "Billing"}),
    ("Categories: create", "POST", "/api/kb/categories", {"name": "News"}, 201, KB_CATEGORY, {"order": 0}),
    ("Categories: update", "PATCH", "/api/kb/categories/{kb}", {"icon": "x"}, 200, KB_CATEGORY, {"icon": "x"}),
    ("Categories: delete", "DELETE", "/api/kb/categories/{kb_empty}", None, 204, "", {}),
    ("Folders: list", "GET", "/api/kb/folders", None, 200, KB_FOLDER, {"categoryId": "{kb}"}),
    ("Folders: get", "GET", "/api/kb/folders/{kb_folder}", None, 200, KB_FOLDER, {"id": "{kb_folder}"}),
    (
        "Folders: create",
        "POST",
        "/api/kb/folders",
        {"categoryId": "{kb}", "name": "FAQ"},
        201,
        KB_FOLDER,
        {"visibility": "all", "order": 0, "description": None},
    ),
    (
        "Folders: update",
        "PATCH",
        "/api/kb/folders/{kb_folder}",
        {"visibility": "agents"},
        200,
        KB_FOLDER,
        {"visibility": "agents"},
    ),
    ("Folders: delete", "DELETE", "/api/kb/folders/{kb_folder}", None, 204, "", {}),
    ("Articles: list", "GET", "/api/kb/articles", None, 200, KB_ARTICLE, {"categoryId": "{kb}"}),
    ("Articles: get", "GET", "/api/kb/articles/{article}", None, 200, KB_ARTICLE, {"id": "{article}"}),
    (
        "Articles: create",
        "POST",
        "/api/kb/articles",
        {"title": "How to pay", "content": "By *card*.", "categoryId": "{kb}", "tags": ["card"]},
        201,
        KB_ARTICLE,
        {"slug": "how-to-pay", "status": "draft", "isPublished": False, "viewCount": 0, "authorId": "{admin}"},
    ),
    (
        "Articles: update",
        "PATCH",
        "/api/kb/articles/{article}",
        {"isPublished": True},
        200,
        KB_ARTICLE,
        {"status": "published", "isPublished": True, "approverId": "{admin}"},
    ),
    ("Articles: delete", "DELETE", "/api/kb/articles/{article}", None, 204, "", {}),
    ("Article Feedback: list", "GET", "/api/kb/articles/{article}/feedback", None, 200, KB_FEEDBACK, {}),
    (
        "Article Feedback: create",
        "POST",
        "/api/kb/articles/{article}/feedback",
        {"isHelpful": False, "comment": "Too short."},
        201,
        KB_FEEDBACK,
        {"articleId": "{article}", "userId": None, "isHelpful": False, "comment": "Too short."},
    ),
]
