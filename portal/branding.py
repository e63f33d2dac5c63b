"""What makes the portal look like the house it belongs to: name, logo, colour, links, welcome."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings

WHITE, LIGHT_PAGE, DARK_PAGE = (255, 255, 255), (246, 247, 249), (29, 35, 48)
READABLE = 4.6  # WCAG 2.2 AA asks for 4.5 to 1
STEPS = 40

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Brand:
    name: str
    logo: str
    links: tuple[tuple[str, str], ...]
    welcome: str
    style: str  # what the brand's colour comes to; empty for the colours of the house

    @property
    def version(self) -> str:
        return sha256(self.style.encode()).hexdigest()[:12]

    @property
    def logo_origin(self) -> str:
        """Where the logo comes from, if not from here; the pages' policy has to allow it."""
        parts = urlsplit(self.logo)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def brand() -> Brand:
    return brand_of(
        settings.BRAND_NAME,
        settings.BRAND_LOGO_URL,
        settings.BRAND_COLOR,
        tuple(settings.BRAND_LINKS.items()),
        settings.BRAND_WELCOME,
    )


@lru_cache(maxsize=8)
def brand_of(name: str, logo: str, color: str, links: tuple[tuple[str, str], ...], welcome: str) -> Brand:
    return Brand(name, logo, links, welcome, style_of(color) if color else "")


def style_of(color: str) -> str:
    """The brand's colour as the style sheet wants it: as near to it as can still be read, on light and on dark."""
    wanted = parse(color)
    light = readable(wanted, on=LIGHT_PAGE, towards=(0, 0, 0))
    dark = readable(wanted, on=DARK_PAGE, towards=WHITE)
    on_dark = (255, 255, 255) if contrast(dark, WHITE) >= READABLE else (11, 17, 32)
    return f":root{{--accent:light-dark({text(light)},{text(dark)});--on-accent:light-dark(#fff,{text(on_dark)})}}"


def parse(color: str) -> Colour:
    """`#1d4ed8` as numbers.

    >>> parse("#1d4ed8")
    (29, 78, 216)
    """
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def text(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def readable(colour: Colour, *, on: Colour, towards: Colour) -> Colour:
    """The colour, mixed with as much of another as it takes to be read."""
    for step in range(STEPS + 1):
        mixed = mix(colour, towards, step / STEPS)
        if contrast(mixed, on) >= READABLE:
            return mixed
    return towards


def mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours as WCAG 2.2 defines it, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Colour) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
