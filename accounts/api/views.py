"""People and agent groups over HTTP."""

from django.db.models import Q
from django.http import HttpResponse
from rest_framework.request import Request

from accounts import groups, services
from accounts.emails import matching_key
from accounts.models import AgentGroup, GroupMember, Role, User
from helpdesk.api.filters import Contains, Equals, OneOf, Reference, Switch, Tagged
from helpdesk.api.paging import by_name, newest_first, oldest_first
from helpdesk.api.views import ResourceViewSet

from .serializers import AgentGroupSerializer, GroupMemberSerializer, UserInputSerializer, UserSerializer


class UserViewSet(ResourceViewSet):
    """Contacts, agents and admins."""

    scope = "users"
    queryset = User.objects.all()
    serializer_class = UserSerializer
    bodies = {"create": UserInputSerializer, "update": UserInputSerializer}
    orders = (newest_first(), oldest_first())
    filters = (
        OneOf("role", "role", "Role; several with commas.", allowed=tuple(Role.values)),
        Contains("q", "", "Words in name, email or username.", paths=("name", "email", "username")),
        Equals("email", "email_key", "The exact address, without regard to case.", normalise=matching_key),
        Reference("companyId", "company", "Company; `null` for none."),
        Tagged("tag", "tags", "People with this tag; several with commas."),
        Switch(
            "isActive",
            "",
            "Active people, or the others.",
            on=lambda: Q(is_active=True),
            off=lambda: Q(is_active=False),
        ),
    )

    def prepare(self) -> None:
        """Hash a password before anything is locked."""
        self.values = self.parsed()
        if password := self.values.pop("password", None):
            self.values["password_hash"] = services.hashed_password(password)

    def create(self, request: Request) -> HttpResponse:
        """Create a contact, an agent or an admin."""
        return self.created(services.create_user(actor=request.user, in_person=self.is_limited(), **self.values))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a person."""
        changed = services.update_user(self.key(pk), actor=request.user, in_person=self.is_limited(), **self.values)
        return self.shown(changed.pk)


class AgentGroupViewSet(ResourceViewSet):
    """Teams of agents."""

    scope = "users"
    admin = "writes"
    queryset = AgentGroup.objects.all()
    serializer_class = AgentGroupSerializer
    orders = (by_name("name"),)

    def create(self, request: Request) -> HttpResponse:
        """Create a group."""
        return self.created(groups.create_group(actor=request.user, **self.parsed()))

    def update(self, request: Request, pk: str) -> HttpResponse:
        """Change a group."""
        return self.shown(groups.update_group(self.key(pk), actor=request.user, **self.parsed()).pk)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        """Delete a group; its tickets stay."""
        groups.delete_group(self.key(pk), actor=request.user)
        return self.no_content()


class GroupMemberViewSet(ResourceViewSet):
    """The members of a group."""

    scope = "users"
    admin = "writes"
    queryset = GroupMember.objects.all()
    serializer_class = GroupMemberSerializer
    orders = (oldest_first(),)
    parents = {"group_id": AgentGroup}

    def create(self, request: Request, group_id: str) -> HttpResponse:
        """Make an agent a member."""
        return self.created(groups.add_member(self.parent_key("group_id"), actor=request.user, **self.parsed()))

    def remove(self, request: Request, group_id: str, pk: str) -> HttpResponse:
        """End a membership, named by its own id or by the member's."""
        groups.remove_member(self.parent_key("group_id"), actor=request.user, member_or_user_id=pk)
        return self.no_content()
