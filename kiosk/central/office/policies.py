"""The pages with the policies: what is published for whom, what it does in a week, and how it is changed or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.issuer import Contradiction, read_policy_document
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.passes import By, NotSo
from kiosk.central.policy_file import BadPolicy, policy_warnings, read_policy_text
from kiosk.central.policy_form import CLASSES, written
from kiosk.central.policy_preview import Day, rules_of, week
from kiosk.central.policy_text import policy_text
from kiosk.central.policy_words import effect_in_words, time_of, who_in_words
from kiosk.central.proposals import Changed, Publication, Withdrawal, about_policy, propose, publish, withdraw
from kiosk.central.reach import Change, changes, effects_at, flat, meant, reached, strange_doors
from kiosk.central.scope import EVERYWHERE
from kiosk.central.web.forms import Form
from kiosk.language import _
from kiosk.trust.policy import NO_POLICY, PolicyDocument

MOST_TEXT: Final = 200 * 1024

PROVINCE: Final = 2
"""Digits of a code that name a province: a policy for no less than one is for every station."""


class Line(Struct, frozen=True):
    """A policy that is published, and how many stations have it."""

    prefix: str
    version: int
    issued_at: int
    stations: int


class Group(Struct, frozen=True):
    """Stations for which the same changes; `keeps`: the prefix of the one that they have instead."""

    stations: tuple[str, ...]
    changes: tuple[Change, ...]
    keeps: str | None


class Preview(Struct, frozen=True):
    """What a policy would do."""

    policy: PolicyDocument
    weeks: dict[str, list[Day]]
    groups: list[Group]
    effects: list[str]
    warnings: list[str]


def show(asked: Asked) -> Response:
    """Those that are for the operator's stations, or for more."""
    published = asked.store.published(services=False)
    enrolled = (each.code for each in asked.looking.register(EVERYWHERE, asked.now) if each.state == "enrolled")
    having = [held[0] for code in enrolled if (held := published.policy(code))]
    lines = [
        Line(prefix, version, read_policy_document(body).issued_at, having.count(version))
        for prefix, (version, body) in sorted(published.policies.items())
        if _concerns(asked, prefix)
    ]
    return page("policies", asked, lines=lines)


def one(asked: Asked) -> Response:
    """What one says, hour by hour, and what was done with it."""
    prefix = asked.query.get("prefix", "")
    found = _published(asked, prefix)
    if found is None or not _concerns(asked, prefix):
        missing(_("There is no such policy."))
    return _one(asked, found, {})


def take_back(asked: Asked) -> Response:
    """Withdraw it; that for everywhere, when a second person wants it too."""
    prefix, by = asked.form.words("prefix"), By(asked.who.name, asked.form.words("reason"))
    found = _published(asked, prefix)
    if found is None or not asked.scope.covers(prefix):
        missing(_("There is no such policy."))
    if not by.reason:
        return _one(asked, found, {"reason": _("This asks for a reason.")}, 422)
    if len(prefix) <= PROVINCE:
        propose(asked.store, Withdrawal(prefix), prefix, by, asked.now)
        return to("/proposals")
    try:
        withdraw(asked.store, asked.issuer, prefix, by)
    except NotSo as error:
        return _one(asked, found, {"reason": str(error)}, 422)
    return to("/policies")


def edit(asked: Asked) -> Response:
    """The form and the text of one; without a prefix that is published, of a new one."""
    prefix = asked.query.get("prefix", asked.scope.prefix)
    found = _published(asked, prefix) if asked.scope.covers(prefix) else None
    text = policy_text(found) if found else f'station = "{asked.scope.prefix}"\n'
    return _edit(asked, text, found.version if found else 0)


def change(asked: Asked) -> Response:
    """Write the form as text, show what the text would do, or publish it."""
    text, version = asked.form.raw("text").replace("\r\n", "\n"), _version(asked.form.raw("version"))
    if asked.form.words("do") == "write":
        text = written(asked.form.fields)
        held = _published(asked, asked.form.words("station"))
        return _edit(asked, text, held.version if held else 0, preview=_read(asked, text)[0])
    preview, wrong = _read(asked, text)
    by = By(asked.who.name, asked.form.words("reason"))
    if preview is None or asked.form.words("do") != "publish":
        return _edit(asked, text, version, preview=preview, wrong=wrong, status=422 if wrong else 200)
    if not by.reason:
        wrong = {"reason": _("This asks for a reason.")}
        return _edit(asked, text, version, preview=preview, wrong=wrong, status=422)
    return _publish(asked, text, version, preview, by)


def _publish(asked: Asked, text: str, version: int, preview: Preview, by: By) -> Response:
    prefix = preview.policy.station
    if len(prefix) <= PROVINCE:
        propose(asked.store, Publication(text, version), prefix, by, asked.now)
        return to("/proposals")
    try:
        publish(asked.store, asked.issuer, text, version, by)
    except Changed as error:
        theirs = _published(asked, prefix) or NO_POLICY
        differences = changes(theirs, preview.policy)
        return _edit(asked, text, error.version, preview=preview, theirs=differences, status=409)
    except Contradiction as error:
        return _edit(asked, text, version, preview=preview, wrong={"text": str(error)}, status=422)
    return to(f"/policies/one?prefix={prefix}")


def _read(asked: Asked, text: str) -> tuple[Preview | None, Mapping[str, str]]:
    """What a text would do; or everything that is wrong with it."""
    if len(text) > MOST_TEXT:
        return None, {"text": _("That is too large: {most} bytes at the most.", most=MOST_TEXT)}
    try:
        policy = read_policy_text(text)
    except BadPolicy as error:
        return None, {"text": "\n".join(error.errors)}
    if not asked.scope.covers(policy.station):
        return None, {"text": _("station: your own begin with {prefix}.", prefix=asked.scope.prefix)}
    return _previewed(asked, policy), {}


def _previewed(asked: Asked, policy: PolicyDocument) -> Preview:
    affected = reached(asked.store, policy)
    here = [each.station for each in affected if each.keeps is None]
    wrong, notes = strange_doors(asked.store, policy, here)
    alike: dict[tuple[tuple[Change, ...], str | None], list[str]] = {}
    for each in affected:
        alike.setdefault((each.changes, each.keeps), []).append(each.station)
    groups = [Group(tuple(stations), told, keeps) for (told, keeps), stations in alike.items()]
    holders = asked.store.count_by_class()
    told = [effect_in_words(each, holders) for each in effects_at(asked.store, policy, affected, asked.now)]
    return Preview(
        policy, _weeks(policy, asked.now), groups, told, [*wrong, *notes, *policy_warnings(policy, asked.now)]
    )


def _weeks(policy: PolicyDocument, now: float) -> dict[str, list[Day]]:
    """For each door that it names."""
    return {name: week(rules, now) for name in policy.doors if (rules := rules_of(policy, name))}


def _published(asked: Asked, prefix: str) -> PolicyDocument | None:
    found = asked.store.published(services=False).policies.get(prefix)
    return read_policy_document(found[1]) if found else None


def _concerns(asked: Asked, prefix: str) -> bool:
    """Whether it is for some of the operator's stations."""
    return prefix.startswith(asked.scope.prefix) or asked.scope.prefix.startswith(prefix)


def _version(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 17 else 0


def _one(asked: Asked, found: PolicyDocument, wrong: Mapping[str, str], status: int = 200) -> Response:
    stations = [code for code in meant(asked.store, found.station) if asked.scope.covers(code)]
    return page(
        "policy", asked, status, policy=found, says=flat(found), weeks=_weeks(found, asked.now), wrong=wrong,
        acts=asked.acts(about=about_policy(found.station)), form=asked.form, stations=len(stations),
        mine=asked.scope.covers(found.station), time_of=time_of, who=who_in_words,
    )  # fmt: skip


def _edit(
    asked: Asked,
    text: str,
    version: int,
    *,
    preview: Preview | None = None,
    theirs: Sequence[Change] = (),
    wrong: Mapping[str, str] = {},
    status: int = 200,
) -> Response:
    form = asked.form if asked.form.fields else Form({"station": asked.query.get("prefix", asked.scope.prefix)})
    return page(
        "policy_edit", asked, status, text=text, version=version, preview=preview, theirs=theirs, wrong=wrong,
        form=form, classes=CLASSES, time_of=time_of, who=who_in_words,
    )  # fmt: skip
