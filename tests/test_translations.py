"""Everything customers read can be read in German too, and the compiled catalogue says what its source says."""

import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from tests import translations
from tests.translations import ROOT

TEMPLATES = sorted((ROOT / "templates/portal").rglob("*.html"))
TAGS = re.compile(
    r"{% blocktranslate.*?endblocktranslate %}|{% block main_class %}.*?{% endblock main_class %}"
    r"|{%.*?%}|{{.*?}}|{#.*?#}",
    re.DOTALL,
)
MARKUP = re.compile(r"<[^>]*>|&\w+;", re.DOTALL)
SHOWN_ATTRIBUTE = re.compile(r'(?:aria-label|placeholder|title|alt|content)="([^"]*)"')
LETTERS = re.compile(r"[^\W\d_]{2,}")
UNTRANSLATED = {"width=device-width, initial-scale=1", "noindex", "article", "light dark"}


def test_every_text_has_a_translation_and_the_catalogue_no_other() -> None:
    catalogue = translations.read()
    assert set(translations.texts()) == set(catalogue), "Run: .venv/bin/python -m tests.translations"
    missing = [text.msgid for text, entry in catalogue.items() if not all(entry.translations)]
    assert not missing


def test_the_compiled_catalogue_is_in_step() -> None:
    assert translations.COMPILED.read_bytes() == translations.compiled(translations.read())


def test_what_is_compiled_can_be_read_back() -> None:
    found = gettext.GNUTranslations(BytesIO(translations.COMPILED.read_bytes()))
    for text, entry in translations.read().items():
        if text.plural:
            said = [found.ngettext(text.msgid, text.plural, count) for count in (1, 2)]
        else:
            said = [found.pgettext(text.context, text.msgid) if text.context else found.gettext(text.msgid)]
        assert said == entry.translations


def test_placeholders_survive_translation() -> None:
    placeholders = re.compile(r"%\(\w+\)s|</?\w+>")
    for text, entry in translations.read().items():
        for one in entry.translations:
            assert sorted(placeholders.findall(one)) == sorted(placeholders.findall(text.plural or text.msgid)), text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_stands_in_a_page_untranslated(path: Path) -> None:
    source = TAGS.sub(" ", path.read_text())
    shown = [value for value in SHOWN_ATTRIBUTE.findall(source) if value.strip() not in UNTRANSLATED]
    found = [text for text in (MARKUP.sub(" ", source), *shown) if LETTERS.search(text)]
    assert not found


def test_both_languages_are_offered() -> None:
    assert [code for code, _ in settings.LANGUAGES] == ["en", "de"]
    with translation.override("de"):
        assert translation.gettext("Help centre") == "Hilfecenter"
