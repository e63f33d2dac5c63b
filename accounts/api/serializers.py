"""The JSON of people, groups and keys. None of it ever holds a password or a hash."""

from accounts.models import AgentGroup, ApiKey, GroupMember, User
from helpdesk.api import fields
from helpdesk.api.serializers import Body, Resource


class UserSerializer(Resource):
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
            "created_at",
        ]


class UserInputSerializer(UserSerializer):
    """What a client may say of a person."""

    password = fields.Text(write_only=True, required=False, allow_null=True, allow_blank=True, max_length=1000)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "password"]


class AgentGroupSerializer(Resource):
    class Meta:
        model = AgentGroup
        fields = ["id", "name", "description", "auto_assign", "assignment_method", "created_at"]


class GroupMemberSerializer(Resource):
    class Meta:
        model = GroupMember
        fields = ["id", "group_id", "user_id", "is_leader", "created_at"]
        read_only_fields = ["group_id"]


class ApiKeySerializer(Resource):
    scopes = fields.TextList()

    class Meta:
        model = ApiKey
        fields = ["id", "name", "key_prefix", "scopes", "is_active", "expires_at", "last_used_at", "created_at"]
        read_only_fields = ["is_active", "last_used_at"]


class NewApiKeySerializer(Body):
    name = fields.Text(max_length=200)
    scopes = fields.TextList(required=False, allow_null=True)
    expires_at = fields.Moment(required=False, allow_null=True)


class IssuedApiKeySerializer(ApiKeySerializer):
    key = fields.Text(read_only=True)
    message = fields.Text(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key", "message"]


class KeyOwnerSerializer(Body):
    id = fields.Id()
    name = fields.Text()
    role = fields.Text()


class VerifiedKeySerializer(Body):
    valid = fields.Flag()
    key_id = fields.Id()
    name = fields.Text()
    scopes = fields.TextList()
    user = KeyOwnerSerializer()


class SignUpSerializer(Body):
    name = fields.Text(max_length=200)
    email = fields.Text(max_length=254)
    password = fields.Text(max_length=1000)


class SignInSerializer(Body):
    email = fields.Text(max_length=254)
    password = fields.Text(max_length=1000)


class ProfileSerializer(Body):
    """What signup and login tell a customer about the account."""

    id = fields.Id()
    username = fields.Text()
    email = fields.Text()
    name = fields.Text()
    role = fields.Text()
    is_active = fields.Flag()
    created_at = fields.Moment()
    email_verified = fields.Flag()
