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
_CITY = 120  # with the state, and spelled as it is compared, it must fit the store


@dataclass(kw_only=True)
class Reading:
    """Reads one posted form, and gathers the names of the fields that are wrong."""

    site: Site
    form: Fields
    troubles: list[str] = field(default_factory=list)  # in the order of the page

    def line(self, name: str, *, required: bool = False, most: int = LONGEST) -> str:
        """Return one line of words, without control characters."""
        words = " ".join(self.form.get(name, "").split())
        if len(words) > most or not words.isprintable() or (required and not words):
            self._wrong(name)
            return ""
        return words

    def address(self, name: str = "email") -> str:
        """Return an address that can be mailed."""
        try:
            return self.site.check_address(self.form.get(name, ""))
        except InputError:
            self._wrong(name)
            return ""

    def language(self) -> str:
        """Return the language of the mail that is asked for."""
        return self.choice("language", self.site.coalition.languages)

    def choice(self, name: str, offered: Sequence[str]) -> str:
        """Return which of these was chosen."""
        chosen = self.form.get(name, "")
        if chosen not in offered:
            self._wrong(name)
            return ""
        return chosen

    def ticked(self, name: str, offered: Sequence[str]) -> Sequence[str]:
        """Return which of these were ticked, in the order in which they are offered."""
        ticked = self.form.every(name)
        return [one for one in offered if one in ticked]

    def place(self, *, required: bool = False) -> Place | None:
        """Return where they are; None if they do not say."""
        city = self.line("city", required=required, most=_CITY)
        state = self.line("state", most=40)
        if state and not city:
            self._wrong("city")
        if not city or self.troubles:
            return None  # nothing is looked up for a form that is not kept
        return self.site.resolve(city, state or None)

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
            self._wrong(name)
        return written

    def _wrong(self, name: str) -> None:
        if name not in self.troubles:
            self.troubles.append(name)

    def lists(self, *, required: bool = False) -> tuple[int, ...]:
        """Return the numbers of the lists that were ticked."""
        offered = [str(number) for number in self.site.joinable]
        ticked = tuple(int(number) for number in self.ticked("list", offered))
        if required and not ticked:
            self._wrong("list")
        return ticked


def shown_again(
    site: Site,
    template: str,
    language: str,
    form: Fields,
    troubles: Sequence[str] = (),
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
