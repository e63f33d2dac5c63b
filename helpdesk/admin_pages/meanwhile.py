"""Two people on one page: what others saved since a form was opened is told before anything is written over it.

A form carries a fingerprint of each value that it showed. Where the row says something else by the time the form comes
back, nothing is saved: fields that were left alone show what is true now, the others keep what was typed, and saving
once more means it.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from django import forms

SEEN = "_seen"
EMPTY: tuple[Any, ...] = (None, "", [], (), {}, False)
SETS = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
LONGEST = 120  # characters of a value that a sentence quotes
INTRODUCTION = "Somebody else changed this while you had it open, so nothing is saved yet. Look at it, and save again."


def fingerprint(field: forms.Field, value: Any) -> str:
    shown = field.prepare_value(value)
    if isinstance(field, SETS):
        shown = sorted(map(str, shown or []))
    if shown in EMPTY:
        text = ""
    elif isinstance(shown, str):
        text = "\n".join(shown.strip().splitlines())
    else:
        text = json.dumps(shown, default=str, sort_keys=True)
    return sha256(text.encode(errors="replace")).hexdigest()[:12]


def fingerprints(form: forms.BaseForm) -> dict[str, str]:
    return {name: fingerprint(field, form.get_initial_for_field(field, name)) for name, field in form.fields.items()}


def seen_in(data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(data.get(SEEN) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def told(form: forms.BaseForm) -> Iterator[str]:
    """What others changed meanwhile, a sentence each; fields left alone follow them."""
    seen = seen_in(form.data)
    for name, now in fingerprints(form).items():
        field = form.fields[name]
        if name not in seen or seen[name] == now or name not in form.changed_data:
            continue  # nobody changed it, or both said the same
        cleaned = form.cleaned_data
        was_left_alone = name in cleaned and fingerprint(field, cleaned[name]) == seen[name]
        if was_left_alone:
            field.bound_data = initially  # type: ignore[method-assign]
        label = form[name].label
        value = in_words(field, form.get_initial_for_field(field, name))
        sentence = f"{label} is {value} now" if value else f"{label} is different now"
        yield f"{sentence}." if was_left_alone else f"{sentence}; what you wrote stands below and would replace it."


def initially(data: Any, initial: Any) -> Any:
    """What a field shows that follows its row, whatever came with the form."""
    return initial


def in_words(field: forms.Field, value: Any) -> str:
    """A value as a sentence quotes it; nothing for what is too long or has parts of its own."""
    if own := getattr(field, "in_words", None):
        return f"“{own(value)}”"
    shown = field.prepare_value(value)
    if isinstance(field, forms.BooleanField):
        return "on" if shown else "off"
    if shown in EMPTY:
        return "empty"
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None and not isinstance(field, SETS):
        shown = field.queryset.filter(pk=shown).first()
    elif isinstance(field, forms.ChoiceField) and not isinstance(shown, list):
        shown = next((label for key, label in flat(field.choices) if str(key) == str(shown)), shown)
    text = str(shown) if not isinstance(shown, list | dict | tuple) else ""
    return f"“{text}”" if text and len(text) <= LONGEST and "\n" not in text else ""


def flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from flat(label)
        else:
            yield key, label
