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
SETS = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
LONGEST = 120  # characters of a value that a sentence quotes
INTRODUCTION = "Somebody else changed this while you had it open, so nothing is saved yet. Look at it, and save again."


def fingerprint(field: forms.Field, value: Any) -> str:
    shown = field.prepare_value(value)
    if isinstance(field, SETS):
        shown = sorted(map(str, shown or []))
    if is_empty(shown):
        text = ""
    elif isinstance(shown, str):
        text = as_typed(field, shown)
    else:
        if isinstance(shown, float) and shown.is_integer():
            shown = int(shown)
        text = json.dumps(shown, default=str, sort_keys=True)
    return sha256(text.encode(errors="replace")).hexdigest()[:12]


def is_empty(shown: Any) -> bool:
    """Whether a form shows nothing, or a box without a tick. A zero is a value."""
    return shown is None or shown is False or (isinstance(shown, str | list | tuple | dict) and not shown)


def as_typed(field: forms.Field, text: str) -> str:
    """A text as browsers send it. What a long one begins with has a meaning in Markdown; its end has none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip() if isinstance(field.widget, forms.Textarea) else text.strip()


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
        sent = [cleaned[name]] if name in cleaned else []
        if sent and isinstance(form[name].data, str) and isinstance(cleaned[name], str):
            sent.append(form[name].data)  # before it was stripped
        was_left_alone = any(fingerprint(field, value) == seen[name] for value in sent)
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
    if is_empty(shown):
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
