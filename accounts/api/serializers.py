"""The JSON of people, groups and keys. None of it ever holds a password or a hash."""

from accounts.models import AgentGroup, ApiKey, GroupMember, User
from helpdesk.api import fields
from helpdesk.api.serializers import Body, Resource


class UserSerializer(Resource):
    """A contact, an agent or an admin."""

    example = {
        "id": "f9eee371-33d1-4d71-8e58-f57a59198725",
        "username": "john",
        "email": "john@example.com",
        "name": "John Doe",
        "phone": "+1 555 0100",
        "role": "customer",
        "ticketScope": "global",
        "avatarUrl": None,
        "companyId": None,
        "tags": ["vip"],
        "customFields": {"language": "en"},
        "isActive": True,
        "isAway": False,
        "createdAt": "2025-12-18T05:00:00.000Z",
    }

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "email",
            "name",
            "phone",
            "role",
            "ticket_scope",
            "avatar_url",
            "company_id",
            "tags",
            "custom_fields",
            "is_active",
            "is_away",
            "created_at",
        ]


class UserInputSerializer(UserSerializer):
    """What a client may say of a person."""

    password = fields.Text(write_only=True, required=False, allow_null=True, max_length=1000)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "password"]


class AgentGroupSerializer(Resource):
    """A team of agents."""

    example = {
        "id": "360e8400-e29b-41d4-a716-446655440001",
        "name": "Billing",
        "description": "Invoices and payments",
        "autoAssign": True,
        "assignmentMethod": "round_robin",
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    class Meta:
        model = AgentGroup
        fields = ["id", "name", "description", "auto_assign", "assignment_method", "created_at"]


class GroupMemberSerializer(Resource):
    """An agent in a group."""

    example = {
        "id": "460e8400-e29b-41d4-a716-446655440001",
        "groupId": "360e8400-e29b-41d4-a716-446655440001",
        "userId": "397f8871-6bd4-4df4-ad6f-0fef197e8547",
        "isLeader": False,
        "createdAt": "2025-12-01T08:00:00.000Z",
    }

    class Meta:
        model = GroupMember
        fields = ["id", "group_id", "user_id", "is_leader", "created_at"]
        read_only_fields = ["group_id"]


class ApiKeySerializer(Resource):
    """A credential, without its secret."""

    example = {
        "id": "560e8400-e29b-41d4-a716-446655440001",
        "name": "Web shop",
        "keyPrefix": "hd_123456789",
        "scopes": ["tickets:read", "tickets:write"],
        "isActive": True,
        "expiresAt": "2026-12-31T00:00:00.000Z",
        "lastUsedAt": None,
        "createdAt": "2025-12-18T05:00:00.000Z",
    }

    scopes = fields.TextList()

    class Meta:
        model = ApiKey
        fields = ["id", "name", "key_prefix", "scopes", "is_active", "expires_at", "last_used_at", "created_at"]
        read_only_fields = ["is_active", "last_used_at"]


class NewApiKeySerializer(Body):
    """What a new key is for and what it may do."""

    example = {"name": "Web shop", "scopes": ["tickets:read", "tickets:write"], "expiresAt": "2026-12-31T00:00:00.000Z"}

    name = fields.Text(max_length=200)
    scopes = fields.TextList(required=False, allow_null=True)
    expires_at = fields.Moment(required=False, allow_null=True)


class IssuedApiKeySerializer(ApiKeySerializer):
    key = fields.Text(read_only=True)
    message = fields.Text(read_only=True)

    example = {
        **ApiKeySerializer.example,
        "key": "hd_1234567890abcdef…",
        "message": "Store this API key now: it is shown only once.",
    }

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key", "message"]


class KeyOwnerSerializer(Body):
    id = fields.Id()
    name = fields.Text()
    role = fields.Text()


class VerifiedKeySerializer(Body):
    """A valid key and whose it is."""

    example = {
        "valid": True,
        "keyId": "560e8400-e29b-41d4-a716-446655440001",
        "name": "Web shop",
        "scopes": ["tickets:read", "tickets:write"],
        "user": {"id": "397f8871-6bd4-4df4-ad6f-0fef197e8547", "name": "Ada Admin", "role": "admin"},
    }

    valid = fields.Flag()
    key_id = fields.Id()
    name = fields.Text()
    scopes = fields.TextList()
    user = KeyOwnerSerializer()


class SignUpSerializer(Body):
    """A customer signs up."""

    example = {"name": "John Doe", "email": "john@example.com", "password": "securepassword123"}

    name = fields.Text(max_length=200)
    email = fields.Text(max_length=254)
    password = fields.Text(max_length=1000)


class SignInSerializer(Body):
    """A customer signs in."""

    example = {"email": "john@example.com", "password": "securepassword123"}

    email = fields.Text(max_length=254)
    password = fields.Text(max_length=1000)


class ProfileSerializer(Body):
    """What signup and login tell a customer about the account."""

    example = {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "username": "john",
        "email": "john@example.com",
        "name": "John Doe",
        "role": "customer",
        "isActive": True,
        "createdAt": "2025-12-18T06:00:00.000Z",
        "emailVerified": False,
    }

    id = fields.Id()
    username = fields.Text()
    email = fields.Text()
    name = fields.Text()
    role = fields.Text()
    is_active = fields.Flag()
    created_at = fields.Moment()
    email_verified = fields.Flag()
