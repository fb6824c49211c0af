"""What a coordinator writes, as a tree: no HTML comes in, so none can get out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of words."""

    words: str
    bold: bool = False
    url: str | None = None  # https, or it is printed without a link


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Spans that follow one another, spaces included."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list, with numbers or without."""

    items: tuple[Paragraph, ...]
    numbered: bool = False


Block = Paragraph | Bullets
