"""The pages with campaigns: what was given by day and district, what runs short, and whose ledger is old. Nothing says who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central import closing
from kiosk.central.closing import newest_ledger, unheard
from kiosk.central.figures import DISTRICT
from kiosk.central.numbers import campaign_report
from kiosk.central.numbers.campaign import Reported, narrower, overview, reported
from kiosk.central.numbers.campaign_tables import by_day, by_district, by_place
from kiosk.central.numbers.campaign_words import beijing
from kiosk.central.numbers.tables import shown
from kiosk.central.office.asked import ROOT, Asked, missing, page, to
from kiosk.central.office.files import CSV, file_of, printed_alone
from kiosk.central.roles import ADMINISTRATOR
from kiosk.central.stock import Stale, short, stale
from kiosk.central.store.campaigns import StoredCampaign
from kiosk.language import _, of_languages

MOST: Final = 100
"""Stations of a list; whoever has more looks at a district."""


class Row(Struct, frozen=True):
    """A campaign in the list."""

    id: str
    words: str
    scope: str
    begins: str
    ends: str
    state: str
    given: int
    without_pass: int
    empty: int
    low: int


def show(asked: Asked) -> Response:
    """Every campaign for the operator's stations."""
    return page("campaigns", asked, rows=[row_of(each, asked) for each in asked.store.campaigns(asked.scope)])


def row_of(each: StoredCampaign, asked: Asked) -> Row:
    """A campaign, what was given of it, and where little is left while it runs."""
    given = asked.store.handed_total(each.id, asked.scope)
    state = state_of(each, asked.now)
    little = short(asked.store.stock(narrower(asked.scope, each), each.words.item)) if state == "in force" else []
    empty = sum(not stock.pieces for stock in little)
    times = (beijing(each.begins), beijing(each.ends))
    words = of_languages(each.words.texts)
    return Row(each.id, words, each.scope, *times, state, *given, empty, len(little) - empty)


def state_of(each: StoredCampaign, now: float) -> str:
    """Whether it runs."""
    if each.closed is not None:
        return "closed"
    return "ended" if each.ends <= now else "waiting" if each.begins > now else "in force"


def one(asked: Asked) -> Response:
    """One of them."""
    found = _known(asked, whole=False)
    own = len(narrower(asked.scope, found.campaign).prefix) >= DISTRICT
    places = by_place(found) if own else by_district(found)
    links = {str(row[0]): f"{ROOT}/stations/{row[0]}" for row in places.rows} if own else {}
    return page(
        "campaign",
        asked,
        found=found,
        state=state_of(found.campaign, asked.now),
        notes=campaign_report.notes(found),
        cards=campaign_report.cards(found.total),
        plots=campaign_report.plots(found),
        days=by_day(found),
        places=places,
        links=links,
        short=short(found.stock),
        stale=_stale(asked, found.campaign),
        most=MOST,
        shown=shown,
        beijing=beijing,
        closes=asked.may(ADMINISTRATOR) and asked.scope.covers(found.campaign.scope),
    )


def _stale(asked: Asked, campaign: StoredCampaign) -> Sequence[Stale]:
    """While it runs; what is for everybody has no ledger that could be old."""
    ledger = None if campaign.words.without_pass else newest_ledger(asked.store, campaign.id)
    if ledger is None or state_of(campaign, asked.now) != "in force":
        return ()
    lines = asked.store.register(narrower(asked.scope, campaign))
    return stale(lines, ledger, campaign.words.ledger_max_age, asked.now)


def pdf(asked: Asked) -> Response:
    """The report, to be printed."""
    found = _known(asked, whole=True)
    return printed_alone(lambda: campaign_report.pdf(found), f"{found.campaign.id}.pdf")


def csv(asked: Asked) -> Response:
    """Each station and day, for a spreadsheet."""
    found = _known(asked, whole=False)
    return file_of(campaign_report.csv(found), CSV, f"{found.campaign.id}.csv")


def ask_to_close(asked: Asked) -> Response:
    """What goes when it is closed, and the form that closes it."""
    return _closing(asked, _campaign(asked), {})


def close(asked: Asked) -> Response:
    """Leave days and counts of it: its key, its ledgers and all tokens go."""
    campaign, reason = _campaign(asked), asked.form.words("reason")
    if not asked.scope.covers(campaign.scope):
        raise HTTPException(403, _("It is of a wider place than yours: whoever looks after all of that decides."))
    if state_of(campaign, asked.now) != "ended":
        return _closing(asked, campaign, {}, 409)
    wrong = {} if reason else {"reason": _("This asks for a reason.")}
    if unheard(asked.store, campaign) and not asked.form.raw("all_the_same"):
        wrong["all_the_same"] = _("Say that it is closed all the same, or wait until they have been heard.")
    if wrong:
        return _closing(asked, campaign, wrong, 422)
    closing.close(asked.store, asked.issuer, campaign, asked.now, asked.who.name, reason)
    return to(f"/campaigns/{campaign.id}")


def _closing(asked: Asked, campaign: StoredCampaign, wrong: Mapping[str, str], status: int = 200) -> Response:
    state = state_of(campaign, asked.now)
    away = unheard(asked.store, campaign) if state == "ended" else []
    words = of_languages(campaign.words.texts)
    return page(
        "campaign_close", asked, status, campaign=campaign, words=words, state=state, away=away, most=MOST,
        form=asked.form, wrong=wrong,
    )  # fmt: skip


def _campaign(asked: Asked) -> StoredCampaign:
    found = next((each for each in asked.store.campaigns(asked.scope) if each.id == asked.path["id"]), None)
    return found or missing(_("There is no such campaign, or none of its stations is one of yours."))


def _known(asked: Asked, *, whole: bool) -> Reported:
    campaign = _campaign(asked)
    away = unheard(asked.store, campaign) if campaign.ends <= asked.now else []
    mine = [each for each in away if asked.scope.covers(each)]
    return (reported if whole else overview)(asked.store, campaign, asked.now, asked.scope, mine)
