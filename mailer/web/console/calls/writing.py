"""The one page on which an urgent call is written, and written anew."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailer.core import correction
from mailer.core.changes import over_at
from mailer.core.draft import Draft
from mailer.core.errors import InputError, MailerError, NotFoundError
from mailer.core.lists import Kind as ListKind, MailingList
from mailer.core.proposal import EDITABLE, LEAVING, Proposal, Stage
from mailer.core.refusal import NotMovedError, Why
from mailer.core.states import slug_name
from mailer.core.tables import LANGUAGES
from mailer.ports import Card, Posted
from mailer.web.console import paths
from mailer.web.console.calls.finding import PATH, found, me, path, sentence, subject
from mailer.web.console.calls.reading import (
    NotReadError,
    Typed,
    draft as as_draft,
    of_draft,
    slug,
    typed,
)
from mailer.web.console.calls.rows import Join, Kind, Row
from mailer.web.console.door import Visit, choice

_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404
_SHOWN = 8  # actions, or calls that went out, to choose from
_LOOKED_AT = 500  # actions, or calls, that are searched


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The form as it is shown: what is typed, and what of it is to be mended."""

    typed: Typed
    changing: Proposal | None = None
    troubles: Sequence[str] = ()
    words: str = ""  # of what was wrong with the audience
    state: str = ""  # what was written for a state that there is not
    counted: bool = False  # whether the audience was asked for
    why: str | None = None


def new(visit: Visit) -> Response:
    """Show an empty form, or one for those who got a mailing that was wrong."""
    corrects = visit.request.query_params.get("corrects", "")
    sheet = Typed(values={"urgent": "yes", "list": _first_list(visit)})
    if corrects:
        sheet = _correction(visit, corrects)
    return _page(visit, Sheet(typed=sheet, counted=bool(corrects)))


def edit(visit: Visit) -> Response:
    """Show the form with a call that is changed."""
    proposal = _editable(visit)
    draft = _with_the_end_of_its_action(visit, proposal.draft)
    sheet = of_draft(draft, zone=visit.desk.work.zone)
    return _page(visit, Sheet(typed=sheet, changing=proposal, counted=True))


def _with_the_end_of_its_action(visit: Visit, draft: Draft) -> Draft:
    """Return a draft without a last moment that is the action's, and not their word."""
    action = _posted(visit, draft.action)
    if action and draft.not_after == over_at(action.action.facts):
        return replace(draft, not_after=None)
    return draft


def write(visit: Visit) -> Response:
    """Keep a new call, or do what another button of the form says."""
    return _pressed(visit, None)


def rewrite(visit: Visit) -> Response:
    """Keep a changed call, or do what another button of the form says."""
    return _pressed(visit, _editable(visit))


def _editable(visit: Visit) -> Proposal:
    proposal = found(visit)
    if proposal.stage not in EDITABLE:
        raise HTTPException(_NOT_FOUND)
    return proposal


def _pressed(visit: Visit, changing: Proposal | None) -> Response:
    sheet = Sheet(typed=typed(visit.form), changing=changing, counted=True)
    known = {
        "save": lambda visit: _save(visit, sheet),
        "count": lambda visit: _page(visit, sheet),
        "find": lambda visit: _page(visit, sheet),
        "more-include": lambda visit: _more(visit, sheet, "include"),
        "more-exclude": lambda visit: _more(visit, sheet, "exclude"),
    }
    return choice(visit.form, known, visit)


def _more(visit: Visit, sheet: Sheet, which: str) -> Response:
    return _page(visit, replace(sheet, typed=sheet.typed.with_rows(which)))


def _save(visit: Visit, sheet: Sheet) -> Response:
    calls = visit.desk.work.calls
    try:
        draft = as_draft(sheet.typed, taken=_taken(visit), zone=visit.desk.work.zone)
        if sheet.changing is None:
            kept = calls.proposer.new(draft, by=me(visit))
        else:
            kept = calls.proposer.edit(
                sheet.changing.name, draft, by=me(visit), revision=_revision(visit)
            )
    except NotReadError as error:
        told = replace(
            sheet, troubles=error.fields, words=error.words, state=error.state
        )
        return _page(visit, told, _UNREADABLE)
    except NotMovedError as error:
        taken = ["edition"] if error.why is Why.TAKEN else []
        told = replace(sheet, troubles=taken, why=error.why.value)
        return _page(visit, told, _CONFLICT)
    except InputError as error:
        told = replace(sheet, troubles=["audience"], words=error.words)
        return _page(visit, told, _UNREADABLE)
    except MailerError as error:
        told = replace(sheet, troubles=["draft"], words=error.words)
        return _page(visit, told, _CONFLICT)
    return visit.to(f"{path(kept)}?done=saved")


def _revision(visit: Visit) -> int:
    return paths.read(visit.form.get("revision")) or 0


def _taken(visit: Visit) -> Collection[str]:
    return visit.desk.work.calls.blasts.editions()


def _page(visit: Visit, sheet: Sheet, status: int = 200) -> Response:
    shown, card = sheet.typed, None
    words = None
    if sheet.counted:
        try:
            words, card = _card(visit, shown)
        except NotReadError as error:
            if not sheet.troubles:
                sheet = replace(
                    sheet, troubles=error.fields, words=error.words, state=error.state
                )
                status = _UNREADABLE
    changing = sheet.changing
    return visit.page(
        "call-write.html",
        status,
        call=changing,
        path=path(changing) if changing else None,
        voids=changing is not None and changing.stage is not Stage.DRAFT,
        form=shown.values,
        include=shown.include,
        exclude=shown.exclude,
        kinds=[each.value for each in Kind],
        joins=[each.value for each in Join],
        lists=_lists(visit, shown),
        every_list=list(visit.desk.work.calls.lists.values()),
        gone_out=_gone_out(visit),
        written_in=_languages(visit),
        actions=_actions(visit, shown.values),
        has_quiet_hours=visit.desk.work.calls.has_quiet_hours,
        zone=visit.desk.work.zone.key,
        card=card,
        sentence=words,
        counted=sheet.counted,
        region=slug_name,
        troubles=_asked_of(visit, sheet),
        words=sheet.words,
        no_state=sheet.state,
        why=sheet.why,
        # Where the page is taken up again: at the button that was pressed.
        landing="" if sheet.troubles else visit.form.get("action", ""),
        wrong_one=subject(visit, shown.values.get("corrects", "")),
    )


def _card(visit: Visit, form: Typed) -> tuple[str, Card | None]:
    """Return whom the rows mean, in words and in numbers; raises NotReadError."""
    calls = visit.desk.work.calls
    rule = form.rule()
    if not rule.include:
        return sentence(visit, rule), None
    try:
        located = calls.located(rule)
        card = calls.card(located, form.list_slug, urgent=form.is_urgent)
    except MailerError as error:
        raise NotReadError(["audience"], error.words) from None
    return sentence(visit, located), card


def _asked_of(visit: Visit, sheet: Sheet) -> Sequence[str]:
    """Return what is wrong; where nothing is written, the first language is asked for."""
    heads = [f"{code}-headline" for code in _languages(visit)]
    if not heads or any(sheet.typed.values.get(each, "").strip() for each in heads):
        return sheet.troubles
    return [heads[0] if each in heads else each for each in sheet.troubles]


def _languages(visit: Visit) -> Sequence[str]:
    """Return the languages to write in, the author's own first."""
    spoken = visit.desk.site.coalition.languages
    known = [code for code in spoken if code in LANGUAGES]
    return sorted(known, key=lambda code: code != visit.language)


def _lists(visit: Visit, form: Typed) -> Sequence[MailingList]:
    """Return the lists of calls; for a correction the list of what it corrects."""
    every = visit.desk.work.calls.lists
    if form.values.get("corrects") and form.list_slug in every:
        return [every[form.list_slug]]
    return [each for each in every.values() if each.kind is ListKind.BLAST]


def _first_list(visit: Visit) -> str:
    lists = _lists(visit, Typed(values={}))
    return lists[0].slug if lists else ""


def _gone_out(visit: Visit) -> Sequence[Proposal]:
    """Return the calls that people have got last, to choose from."""
    begun = visit.desk.work.calls.blasts.every(LEAVING | {Stage.DONE}, most=_LOOKED_AT)
    newest = sorted(begun, key=lambda one: one.edited_at, reverse=True)
    return newest[:_SHOWN]


# --- the action that is called to


def _actions(visit: Visit, values: object) -> Sequence[Posted]:
    """Return the chosen action, and the soonest that hold all words searched for."""
    form = dict(values) if isinstance(values, dict) else {}
    chosen = _posted(visit, form.get("about") or None)
    wanted = str(form.get("find", "")).casefold().split()
    coming = [
        each
        for each in visit.desk.site.actions.listed(visit.desk.now, limit=_LOOKED_AT)
        if not each.action.facts.status.is_off and _holds(each, wanted)
    ][:_SHOWN]
    ids = {each.action.id for each in coming}
    return [chosen, *coming] if chosen and chosen.action.id not in ids else coming


def _posted(visit: Visit, public_id: str | None) -> Posted | None:
    return visit.desk.site.actions.posted(public_id) if public_id else None


def _holds(posted: Posted, words: Sequence[str]) -> bool:
    facts = posted.action.facts
    said = " ".join(
        part
        for part in (
            facts.place.label,
            facts.title,
            facts.kind,
            facts.venue,
            facts.target,
            *(each.name for each in facts.sponsors),
        )
        if part
    ).casefold()
    return all(word in said for word in words)


# --- corrections


def _correction(visit: Visit, name: str) -> Typed:
    """Return a form for whoever got a mailing, and for nobody else."""
    list_slug, _, edition = name.partition("/")
    if list_slug not in visit.desk.work.calls.lists:
        raise HTTPException(_NOT_FOUND)
    values = {
        **_said(visit, name),
        "list": list_slug,
        "corrects": name,
        "edition": slug(correction.name(edition), _taken(visit)),
    }
    return Typed(values=values, include=[Row(kind=Kind.GOT, value=name), Row()])


def _said(visit: Visit, name: str) -> Mapping[str, str]:
    """Return what the wrong one said; nothing of a mailing that nobody wrote."""
    try:
        wrong = visit.desk.work.calls.blasts.find(name).draft
    except NotFoundError:
        return {}
    if wrong.unread is not None:
        return {}
    begun = correction.begun(_with_the_end_of_its_action(visit, wrong), visit.desk.now)
    values = of_draft(begun, zone=visit.desk.work.zone).values
    return {key: said for key, said in values.items() if key != "rule"}


NEW = f"{PATH}/new"
