"""What a count comes to, in sentences: for the terminal, and for the report in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kiosk.board.files import Opening
from kiosk.board.result import Outcome, Result
from kiosk.foreign import visible
from kiosk.language import _, chinese


def text_in(texts: Mapping[str, str]) -> str:
    """One of some texts by language, as one line: the reader's, or Chinese. Somebody may have made up what it says."""
    wanted = "zh" if chinese() else "en"
    found = texts.get(wanted) or texts.get("zh") or next(iter(texts.values()))
    return visible(" ".join(found.split()))


def told_opening(opening: Opening) -> Iterator[str]:
    """What became of the sealed ballots, a line each."""
    yield _("{count} sealed ballots came", count=opening.came)
    if opening.unreadable:
        yield _("{count} could not be opened: sealed for another poll, or damaged", count=opening.unreadable)
    if opening.unknown:
        yield _("{count} with a serial that is no slip's of this poll", count=opening.unknown)
    if opening.cancelled:
        yield _("{count} with a cancelled slip: they do not count", count=opening.cancelled)
    if opening.repeated:
        yield _(
            "{count} with one of {slips} slips that came several times: none of them counts",
            count=opening.repeated,
            slips=opening.repeated_slips,
        )
    if opening.again:
        yield _("{count} were sent twice, and count once", count=opening.again)
    if opening.copied:
        yield _("{count} are copies of another's sealed answers, and do not count", count=opening.copied)
    yield _("{count} are passed on", count=opening.passed)


def told_result(result: Result) -> Iterator[str]:
    """What a poll came to, in a few lines."""
    yield told_turnout(result)
    if result.unreadable:
        yield _("{count} that were passed on could not be opened", count=result.unreadable)
    yield told_validity(result)
    yield told_outcome(result.outcome) if result.outcome else _("Fewer than ten ballots: nothing is said of them.")
    for group in result.groups:
        said = told_outcome(group.outcome) if group.outcome else _("nothing is said of so few")
        yield f"{text_in(group.names)}{_(': ')}{said}"


def told_turnout(result: Result) -> str:
    """How many voted."""
    return _(
        "{counted} ballots of {slips} slips ({turnout} %)",
        counted=result.counted,
        slips=result.slips,
        turnout=result.turnout or "0.00",
    )


def told_validity(result: Result) -> str:
    """Whether there were enough of them."""
    if result.valid:
        return _("VALID: {quorum} ballots were needed", quorum=result.quorum)
    return _("NOT VALID: {quorum} ballots were needed", quorum=result.quorum)


def told_outcome(outcome: Outcome) -> str:
    """The index with what always stands beside it."""
    return _(
        "index {index}, standard error {error}; {not_content} % not content, {abstained} % abstained; by equal steps {equal}",
        index=outcome.index or "–",
        error=outcome.standard_error or "–",
        not_content=outcome.not_content or "–",
        abstained=outcome.abstained or "–",
        equal=outcome.equal_steps or "–",
    )
