"""People and what belongs to them: users, agent groups, API keys, and the records that keep doors honest."""

from collections.abc import Iterator

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from companies.models import Company
from helpdesk.ids import new_id

from .querysets import ApiKeyQuerySet, UserQuerySet


class Role(models.TextChoices):
    ADMIN = "admin"
    AGENT = "agent"
    CUSTOMER = "customer"


STAFF_ROLES = (Role.ADMIN, Role.AGENT)


class TicketScope(models.TextChoices):
    """Which tickets an agent sees when signed in."""

    GLOBAL = "global"
    GROUP = "group"
    RESTRICTED = "restricted"


class User(AbstractBaseUser):
    """An admin, an agent or a customer (contact). A customer without a password has no account yet."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=150, unique=True)
    email = models.CharField(max_length=254)
    # The address as it is matched: see accounts.emails.matching_key.
    email_key = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=50, null=True, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.CUSTOMER)
    ticket_scope = models.CharField(max_length=20, choices=TicketScope, default=TicketScope.GLOBAL)
    avatar_url = models.CharField(max_length=2000, null=True, blank=True)
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts", db_index=False
    )
    tags = models.JSONField(default=list, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    # On holiday or ill: nothing is assigned to them automatically meanwhile.
    is_away = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the person proved to own the mailbox; until then a portal session sees only what it filed itself.
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # When a portal signup took this account over, and until when further claims are refused.
    claimed_at = models.DateTimeField(null=True, blank=True)
    # The name the claimer typed: shown to them instead of the stored one until the mailbox is proven.
    claimed_name = models.CharField(max_length=200, blank=True, default="")
    claims_blocked_until = models.DateTimeField(null=True, blank=True)
    # Since when signing in takes a code as well: see SecondFactor. Sessions are bound to it.
    two_factor_at = models.DateTimeField(null=True, editable=False)
    # The contact that this one turned out to be; it keeps only the address by which it is found.
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.SET_NULL, related_name="merged", db_index=False
    )
    erased_at = models.DateTimeField(null=True, editable=False)
    # How pages and mails speak to this person; empty: as their browser asks, and in UTC.
    language = models.CharField(max_length=10, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")

    objects = BaseUserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "name"]

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="user_created"),
            models.Index(fields=["role", "created_at", "id"], name="user_role"),
            models.Index(fields=["company", "created_at", "id"], name="user_company"),
            models.Index(fields=["name"], name="user_name", condition=models.Q(merged_into__isnull=True)),
            models.Index(fields=["created_at", "id"], name="user_inactive", condition=models.Q(is_active=False)),
            models.Index(
                fields=["created_at", "id"], name="user_verified", condition=models.Q(email_verified_at__isnull=False)
            ),
            models.Index(
                fields=["created_at", "id"], name="user_claimed", condition=models.Q(claimed_at__isnull=False)
            ),
            models.Index(
                fields=["merged_into"], name="user_merged_into", condition=models.Q(merged_into__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(condition=models.Q(ticket_scope__in=TicketScope.values), name="user_scope_known"),
            models.CheckConstraint(
                condition=models.Q(is_away=False) | models.Q(role__in=STAFF_ROLES), name="user_away_is_staff"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_staff(self) -> bool:
        """Whether this person works here, as an agent or as an admin."""
        return self.is_active and self.role in STAFF_ROLES

    @property
    def is_admin(self) -> bool:
        return self.is_active and self.role == Role.ADMIN

    @property
    def sees_all_tickets(self) -> bool:
        """Whether no ticket is kept from this person, who works here."""
        return self.is_admin or self.ticket_scope == TicketScope.GLOBAL

    @property
    def own_name(self) -> str:
        """The name to call them by in the portal.

        Until the mailbox is proven, a claimer sees the name they typed: the stored one is none of their business yet.
        """
        return self.name if self.email_verified_at else self.claimed_name or self.name

    def get_session_auth_hash(self) -> str:
        """What a session is bound to: the password, the second factor, and the side of the counter.

        A session that was opened as a customer ends when its owner becomes staff, and the other way round. One that
        was opened by the password alone ends when a second factor is switched on.
        """
        return self.bound_to_side(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return map(self.bound_to_side, super().get_session_auth_fallback_hash())

    def bound_to_side(self, session_hash: str) -> str:
        side = "staff" if self.role in STAFF_ROLES else "customer"
        factor = f":{self.two_factor_at.isoformat()}" if self.two_factor_at else ""
        return f"{side}{factor}:{session_hash}"


class SecondFactor(models.Model):
    """The secret that somebody's authenticator app shares with us. It asks for nothing until it is confirmed."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.TextField(help_text="Encrypted with SECRET_KEY.")
    # The period of thirty seconds whose code was used last: no code works twice, and none from before it.
    last_step = models.BigIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Second factor of {self.user}"


class RecoveryCode(models.Model):
    """A code that works once in place of the app; only its SHA-256 is stored."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Recovery code of {self.user}"


class ErasedAddress(models.Model):
    """An address whose owner was erased, as a digest that only we can make: nobody signs up with it any more."""

    digest = models.CharField(max_length=64, primary_key=True)
    erased_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.digest


class AssignmentMethod(models.TextChoices):
    ROUND_ROBIN = "round_robin"
    LOAD_BALANCED = "load_balanced"


class AgentGroup(models.Model):
    """A team of agents that tickets can be handed to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(null=True, blank=True)
    auto_assign = models.BooleanField(default=False)
    assignment_method = models.CharField(max_length=20, choices=AssignmentMethod, default=AssignmentMethod.ROUND_ROBIN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(assignment_method__in=AssignmentMethod.values), name="group_method_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    group = models.ForeignKey(AgentGroup, on_delete=models.CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    is_leader = models.BooleanField(default=False)
    # When a ticket of the group was last assigned to them automatically: whose turn it is by round robin.
    last_assigned_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="group_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class ApiKey(models.Model):
    """A credential for the API. The key itself is never stored, only its SHA-256."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    key_prefix = models.CharField(max_length=12, editable=False)
    scopes = models.JSONField(default=list)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    is_active = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_prefix}…)"


class ReplayRecord(models.Model):
    """The answer to a POST that carried an Idempotency-Key, kept so that a retry gets the same bytes.

    A row without `status` is a request still running; it may be taken over after `locked_until`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    caller = models.CharField(max_length=50)
    target = models.CharField(max_length=300, help_text="Method and path.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(
        max_length=64, help_text="HMAC-SHA-256 of the request body, keyed with the caller's credential."
    )
    claim = models.UUIDField(default=new_id)
    locked_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True, help_text="Encrypted with the caller's own credential.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="replay_created")]
        constraints = [models.UniqueConstraint(fields=["caller", "target", "key"], name="replay_once")]

    def __str__(self) -> str:
        return f"{self.target} {self.key}"


class RateWindow(models.Model):
    """How often something happened since a moment, for throttles that hold across processes."""

    key = models.CharField(max_length=200, primary_key=True)
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.key


class AccountSession(AbstractBaseSession):
    """A browser that is signed in, or at least known; see sessions.py. Its owner sees it, and can end it."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    browser = models.CharField(max_length=200, blank=True, default="", help_text="What it says it is.")
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="To a quarter of an hour.")

    def __str__(self) -> str:
        return f"{self.browser} of {self.user}" if self.user_id else "a guest"
