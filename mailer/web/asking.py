"""What the public forms have in common: who asks, where they are, which lists."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from mailer.core.errors import InputError
from mailer.core.model import Place
from mailer.web.form import Fields
from mailer.web.site import Site

UNREADABLE = 422
LONGEST = 200  # characters of a line that somebody types
_WEBSITE = 500


@dataclass(kw_only=True)
class Reading:
    """Reads one posted form; the names of what is wrong are gathered in `troubles`."""

    site: Site
    form: Fields
    troubles: set[str] = field(default_factory=set)

    def line(self, name: str, *, required: bool = False, most: int = LONGEST) -> str:
        """Return one line of words, without control characters."""
        words = " ".join(self.form.get(name, "").split())
        if len(words) > most or not words.isprintable() or (required and not words):
            self.troubles.add(name)
            return ""
        return words

    def address(self, name: str = "email") -> str:
        """Return an address that can be mailed."""
        try:
            return self.site.check_address(self.form.get(name, ""))
        except InputError:
            self.troubles.add(name)
            return ""

    def language(self) -> str:
        """Return the language of the mail that is asked for."""
        return self.choice("language", self.site.coalition.languages)

    def choice(self, name: str, offered: Sequence[str]) -> str:
        """Return which of these was chosen."""
        chosen = self.form.get(name, "")
        if chosen not in offered:
            self.troubles.add(name)
            return ""
        return chosen

    def ticked(self, name: str, offered: Sequence[str]) -> Sequence[str]:
        """Return which of these were ticked, in the order in which they are offered."""
        ticked = self.form.every(name)
        return [one for one in offered if one in ticked]

    def place(self) -> Place | None:
        """Return where they are; None if they do not say."""
        city, state = self.line("city"), self.line("state", most=40)
        if not city:
            if state:
                self.troubles.add("city")
            return None
        return None if self.troubles else self.site.resolve(city, state or None)

    def website(self, name: str = "website") -> str | None:
        """Return an address on the web; `https://` may be left out."""
        written = self.line(name, most=_WEBSITE)
        if not written:
            return None
        if "://" not in written:
            written = f"https://{written}"
        scheme, _, rest = written.partition("://")
        host = rest.partition("/")[0]
        if scheme not in ("http", "https") or "." not in host or " " in written:
            self.troubles.add(name)
        return written

    def lists(self) -> tuple[int, ...]:
        """Return the numbers of the lists that were ticked."""
        offered = [str(number) for number in self.site.joinable]
        return tuple(int(number) for number in self.ticked("list", offered))


def shown_again(
    site: Site,
    template: str,
    language: str,
    form: Fields,
    troubles: frozenset[str] = frozenset(),
    **values: object,
) -> Response:
    """Return the page of a form, as it was posted if something must be mended."""
    return site.page(
        template,
        language,
        UNREADABLE if troubles else 200,
        form=form,
        ticked=form.every,
        troubles=troubles,
        lists=[
            (number, site.lists[number].title(language), site.lists[number].kind)
            for number in site.joinable
        ],
        **values,
    )


def look_at_your_mail(site: Site, language: str, address: str) -> Response:
    """Return the page that everybody gets whose form could be read."""
    return site.page("asked.html", language, address=address)
