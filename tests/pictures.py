"""Small files of what a page looks like, which nobody can tell from the page."""

from PIL import Image

Colour = tuple[int, int, int]


def reduced(picture: Image.Image) -> Image.Image:
    """With a palette: the 160 most frequent colours as they are, and the nearest of 96 others for the rest.

    Pillow's own palettes shift the large light areas that pages consist of, and people see that.
    """
    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    exact, rest = [colour for _, colour in counted[:160]], [colour for _, colour in counted[160:]]
    palette = [*exact, *spread(rest, 96)]
    place = {colour: nearest(colour, palette) for colour in rest} | {colour: n for n, colour in enumerate(exact)}
    drawn = Image.new("P", picture.size)
    drawn.putpalette([value for colour in palette for value in colour])
    drawn.putdata([place[colour] for colour in picture.get_flattened_data()])
    return drawn


def spread(colours: list[Colour], count: int) -> list[Colour]:
    """Colours such that none of the given is far from all of them."""
    if not colours:
        return []
    strip = Image.new("RGB", (len(colours), 1))
    strip.putdata(colours)
    found = strip.quantize(count, method=Image.Quantize.MAXCOVERAGE).convert("RGB")
    return list(dict.fromkeys(found.get_flattened_data()))


def nearest(colour: Colour, palette: list[Colour]) -> int:
    return min(range(len(palette)), key=lambda n: sum((a - b) ** 2 for a, b in zip(colour, palette[n], strict=True)))
