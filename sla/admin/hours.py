"""The pages of business hours: a week that can be seen, and its holidays."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from helpdesk.admin_pages import VerbForm, VerbPages, badge
from sla import services
from sla.arithmetic import MINUTES_A_DAY, minute_of
from sla.models import BusinessHours
from sla.schedules import DAYS, known_zones

Intervals = list[dict[str, Any]]
WEEK = (1, 2, 3, 4, 5, 6, 0)  # Monday first
USUAL = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in range(1, 6)]


def in_words(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(filter(None, [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]))


def tidy(intervals: Iterable[dict[str, Any]]) -> Intervals:
    """In the order of the week, the end of a day always written as 24:00."""
    kept = [{**one, "endTime": "24:00" if one["endTime"] == "00:00" else one["endTime"]} for one in intervals]
    return sorted(kept, key=lambda one: (one["day"], one["startTime"]))


def bars(intervals: Intervals) -> dict[int, list[tuple[float, float]]]:
    """Where the blocks of each day stand, in percent of the day; what runs over midnight is two blocks."""
    found: dict[int, list[tuple[float, float]]] = {day: [] for day in WEEK}
    for one in intervals:
        begin, end = minute_of(one["startTime"]), minute_of(one["endTime"])
        pieces = [(one["day"], begin, end)]
        if end <= begin:
            pieces = [(one["day"], begin, MINUTES_A_DAY), ((one["day"] + 1) % 7, 0, end)]
        for day, start, stop in pieces:
            found[day].append((start * 100 / MINUTES_A_DAY, (stop - start) * 100 / MINUTES_A_DAY))
    return found


def week_in_words(intervals: Intervals) -> str:
    """Days with the same hours together: "Mon–Fri 09:00–17:00; Sat 10:00–12:00"."""
    times = {
        day: ", ".join(f"{one['startTime']}–{one['endTime']}" for one in intervals if one["day"] == day) for day in WEEK
    }
    said = []
    for text, days in groupby(WEEK, key=lambda day: times[day]):
        names = [DAYS[day][:3] for day in days]
        if text:
            said.append(f"{names[0] if len(names) == 1 else f'{names[0]}–{names[-1]}'} {text}")
    return "; ".join(said)


class Rendered(forms.Widget):
    """A field that is posted as rows; its template stands with those of the site."""

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""  # each field of a row has a label of its own

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)


class WeekWidget(Rendered):
    template_name = "admin/sla/week.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Intervals:
        return [
            {"day": day, "startTime": start.strip()[:5], "endTime": end.strip()[:5]}
            for day in range(7)
            for start, end in zip(data.getlist(f"day-{day}-start"), data.getlist(f"day-{day}-end"), strict=False)
            if start.strip() or end.strip()
        ]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        intervals = value or []
        try:
            blocks = bars(intervals)
        except (ValueError, IndexError):
            blocks = {}
        days = [
            {
                "number": day,
                "name": DAYS[day],
                "bars": blocks.get(day, []),
                "intervals": [
                    (one["startTime"], "00:00" if one["endTime"] == "24:00" else one["endTime"])
                    for one in intervals
                    if one["day"] == day
                ],
            }
            for day in WEEK
        ]
        return {**super().get_context(name, None, attrs), "days": days, "hours": range(0, 25, 6)}


class Week(forms.Field):
    widget = WeekWidget

    def clean(self, value: Any) -> Intervals:
        for one in value:
            if not (one["startTime"] and one["endTime"]):
                raise forms.ValidationError(f"{DAYS[one['day']]}: an interval needs both a beginning and an end.")
        return tidy(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return tidy(initial or []) != tidy(data or [])

    def in_words(self, value: Intervals) -> str:
        return week_in_words(tidy(value)) or "closed"


class HolidaysWidget(Rendered):
    template_name = "admin/sla/holidays.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        rows = zip(data.getlist("holiday-date"), data.getlist("holiday-name"), strict=False)
        return [(day.strip(), words.strip()) for day, words in rows if day.strip() or words.strip()]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return {**super().get_context(name, None, attrs), "rows": value or []}


class Holidays(forms.Field):
    widget = HolidaysWidget

    def clean(self, value: Any) -> list[tuple[date, str]]:
        found: dict[date, str] = {}
        for day, words in value:
            try:
                at = date.fromisoformat(day)
            except ValueError:
                raise forms.ValidationError(f"“{words}” needs a date.") from None
            if at in found:
                raise forms.ValidationError(f"{day} stands here twice.")
            if not words or len(words) > 200:
                raise forms.ValidationError(f"{day} needs a name of at most 200 characters.")
            found[at] = words
        return sorted(found.items())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return sorted(initial or []) != sorted(data or [])


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    zones = sorted(zone for zone in known_zones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [
        ("", [("UTC", "UTC")]),
        *((area, [(zone, zone) for zone in rows]) for area, rows in groupby(zones, key=lambda z: z.partition("/")[0])),
    ]


class HoursForm(VerbForm):
    timezone = forms.ChoiceField(
        label="Time zone", widget=UnfoldAdminSelectWidget, help_text="The clock that these hours are read on."
    )
    schedule = Week(label="Week", required=False)
    holidays = Holidays(required=False, help_text="Closed from midnight to midnight.")

    class Meta:
        labels = {"is_default": "Default"}
        help_texts = {"is_default": "Offered first where business hours are chosen; one calendar is the default."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = zone_choices()
        zone = self.instance.timezone
        if not any(zone == known for _, zones in choices for known, _ in zones):
            choices.insert(0, ("", [(zone, zone)]))
        self.fields["timezone"].choices = choices  # type: ignore[attr-defined]
        if self.instance._state.adding:
            self.initial["schedule"] = USUAL
        else:
            rows = self.instance.holidays.values_list("date", "name")
            self.initial["holidays"] = [(day.isoformat(), words) for day, words in rows]


@admin.register(BusinessHours)
class BusinessHoursPages(VerbPages):
    title = "Business hours"
    add_title = "Create calendar"
    empty_icon = "calendar_month"
    empty_title = "No business hours yet"
    empty_text = (
        "With business hours a promise of eight hours means a working day: nights, weekends and holidays do not count."
    )
    removal = "Policies that count in them have to be given other hours first."

    form = HoursForm
    fields = ("name", "timezone", "is_default", "schedule", "holidays")
    list_display = ("name", "week", "timezone", "closed", "default")
    search_fields = ("name",)
    actions = None

    class Media:
        js = ("admin/week.js",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(holiday_count=Count("holidays"))

    def create(self, request: HttpRequest, values: dict[str, Any]) -> BusinessHours:
        days = values.pop("holidays")
        hours = services.create_hours(actor=request.user, **values)  # type: ignore[arg-type]
        self.close_on(hours, days, request)
        return hours

    def change(self, request: HttpRequest, row: BusinessHours, values: dict[str, Any]) -> BusinessHours:
        days = values.pop("holidays", None)
        hours = services.update_hours(row.pk, actor=request.user, **values) if values else row  # type: ignore[arg-type]
        if days is not None:
            self.close_on(hours, days, request)
        return hours

    def close_on(self, hours: BusinessHours, days: Sequence[tuple[date, str]], request: HttpRequest) -> None:
        """Holidays become these and no others; those that stay are left alone."""
        actor: Any = request.user
        missing = dict(days)
        for holiday in hours.holidays.all():
            if missing.get(holiday.date) == holiday.name:
                del missing[holiday.date]
            else:
                services.delete_holiday(holiday.pk, actor=actor)
        for day, words in missing.items():
            services.add_holiday(hours.pk, actor=actor, name=words, date=day)

    def remove(self, request: HttpRequest, row: BusinessHours) -> None:
        services.delete_hours(row.pk, actor=request.user)  # type: ignore[arg-type]

    @display(description="Week")
    def week(self, hours: BusinessHours) -> str:
        return week_in_words(tidy(hours.schedule))

    @display(description="Holidays")
    def closed(self, hours: BusinessHours) -> str:
        return str(hours.holiday_count or "None")  # type: ignore[attr-defined]

    @display(description="")
    def default(self, hours: BusinessHours) -> str:
        return badge("Default", "blue") if hours.is_default else ""
