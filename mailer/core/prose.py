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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """Something in a text that the tree cannot say."""

    line: int  # of the text, from 1
    words: str  # what it is, and the way out
    lost: bool  # False: its words are there, without their looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text as a tree, and what of it is not there."""

    blocks: tuple[Block, ...]
    unsaid: tuple[Unsaid, ...] = ()
