"""One message to look at, as one reader gets it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import Sample
from mailer.core.envelope import QUESTION_SLOTS, SLOTS, cut, markers
from mailer.core.errors import TemplateError
from mailer.ports import Rendered

_TOKEN = "t" * 51  # as long as a real one
_NONCE = "5a3b1e5a3b1e5a3b"
_SLOTS = (*SLOTS, *QUESTION_SLOTS)
_OF_A_LIST = ("leave", "preferences", "reason")
_PRINTED: Mapping[str, Sequence[str]] = {"confirm": ("confirm", "address"), "note": ()}
_ENDINGS = {"html": "html", "text": "txt"}

Write = Callable[[MailRenderer, str, Mapping[str, str]], Rendered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One message to look at, in any language; `write` leaves the slots' markers."""

    name: str  # "blast-urgent"
    folder: str  # in templates/email
    write: Write
    sample: Sample  # the coalition that sends it, and who gets it

    def letter(self, mail: MailRenderer, language: str) -> Rendered:
        """Return it as one reader gets it, cut at the slots and filled as in sending.

        Raises TemplateError for what sending would refuse too: a slot that is not
        printed, or not as it is.
        """
        reason = mail.reason(
            language, self.sample.organization, self.sample.consented_on
        )
        tokens = dict.fromkeys(("leave", "preferences", "confirm"), _TOKEN)
        said = {
            "reason": reason,
            "address": "office@aftguild.example",
            "organization": self.sample.organization,
        }
        written = self.write(mail, language, markers(_NONCE, _SLOTS))
        where = f"templates/email/{self.folder}"
        if _NONCE in written.subject + written.preheader:
            raise TemplateError(
                f"{where}: subject and preheader are the same for everybody; they must"
                " not print what is one recipient's own"
            )
        named = _PRINTED.get(self.folder, _OF_A_LIST)

        def filled(words: str, part: str) -> str:
            own = {f"{name}_{part}": value for name, value in said.items()}
            expected = [name if name in tokens else f"{name}_{part}" for name in named]
            try:
                segments = cut(words, _NONCE, expected=expected)
            except TemplateError as error:
                raise TemplateError(f"{where}/body.{_ENDINGS[part]}: {error}") from None
            if strange := set(segments.slots) - set(tokens) - set(own):
                raise TemplateError(
                    f"{where}/body.{_ENDINGS[part]} prints {', '.join(sorted(strange))};"
                    " that belongs in the other part"
                )
            if part == "html":
                own = {name: escape(value) for name, value in own.items()}
            return segments.fill({**tokens, **own})

        return replace(
            written,
            html=filled(written.html, "html"),
            text=filled(written.text, "text"),
        )
