"""Each kind of entry as a sentence, in the technician's language; what the station no longer knows, as it is written."""

from __future__ import annotations

from typing import Any, assert_never

import msgspec

from kiosk.core import entries as fact
from kiosk.core.room.battery import BATTERY
from kiosk.decoding import UNDECODABLE
from kiosk.foreign import visible
from kiosk.language import _, chosen, told
from kiosk.trust.passes import Kind, PassClass
from kiosk.wording.names import Names
from kiosk.wording.served import OfServices, of_services
from kiosk.wording.words import alarm as alarm_word
from kiosk.wording.words import listed, quantity, span, when, word

OfDoor = (
    fact.Unlocked
    | fact.Locked
    | fact.Taken
    | fact.NotTaken
    | fact.InterruptedUnlock
    | fact.ExitPressed
    | fact.LockFault
    | fact.DoorAlarm
    | fact.FireRelease
)
OfPeople = fact.Granted | fact.Denied | fact.Operated | fact.Maintenance | fact.Commissioned
OfTrust = (
    fact.DocumentApplied
    | fact.DocumentRefused
    | fact.EnrolmentShown
    | fact.Enrolled
    | fact.CommandStarted
    | fact.CommandEnded
    | fact.Reported
    | fact.Updated
)
OfRoom = fact.ApplianceAlarm | fact.Switched | fact.Saving | fact.Measured | fact.Absent | fact.Used | fact.Position
OfProgram = fact.Started | fact.Stopped | fact.Fault | fact.FaultCleared | fact.Dropped

CLOCK = frozenset({"seq", "boot_id", "boot", "wall", "quality"})


def sentence(entry: dict[str, Any], names: Names) -> str:
    """What happened, of an entry as it is on the wire."""
    try:
        known: fact.Entry = msgspec.convert(entry, fact.Entry)
    except UNDECODABLE:
        return visible(", ".join(f"{key} {value}" for key, value in entry.items() if key not in CLOCK))
    return visible(_sentence(known, names))


def _sentence(entry: fact.Entry, names: Names) -> str:
    if isinstance(entry, OfDoor):
        return _of_door(entry, names)
    if isinstance(entry, OfPeople):
        return _of_people(entry, names)
    if isinstance(entry, OfTrust):
        return _of_trust(entry, names)
    if isinstance(entry, OfRoom):
        return _of_room(entry, names)
    if isinstance(entry, OfServices):
        return of_services(entry, names)
    return _of_program(entry, names)


def _of_program(entry: OfProgram, names: Names) -> str:
    match entry:
        case fact.Started(version):
            return _("the station started, version {version}", version=version)
        case fact.Stopped():
            return _("the station ended in order; the locks have no power")
        case fact.Fault(what, ""):
            return _("fault: {what}", what=names.fault(what))
        case fact.Fault(what, detail):
            return _("fault: {what}: {detail}", what=names.fault(what), detail=told(detail))
        case fact.FaultCleared(what):
            return _("no longer a fault: {what}", what=names.fault(what))
        case fact.Dropped():
            return _dropped(entry)
        case _:
            assert_never(entry)


def _dropped(entry: fact.Dropped) -> str:
    stream = word(entry.stream)
    if entry.count:
        words = _("{stream}: {count} entries were lost: the disk took no write for too long")
        return words.format(stream=stream, count=entry.count)
    words = _("{stream}: numbers {first} to {last} had to go: the logbook was full")
    return words.format(stream=stream, first=entry.first, last=entry.last)


def _of_door(entry: OfDoor, names: Names) -> str:
    door = "" if isinstance(entry, fact.FireRelease) else names.door(entry.door)
    match entry:
        case fact.Unlocked(by=by):
            return _("{door}: unlocked ({by})", door=door, by=word(by))
        case fact.Locked():
            return _("{door}: locked", door=door)
        case fact.Taken(slot=slot):
            return _("{door}: somebody took from it", door=door) if slot else _("{door}: somebody came in", door=door)
        case fact.NotTaken(slot=slot):
            told = _("{door}: nobody took from it in time", door=door)
            return told if slot else _("{door}: nobody opened it in time", door=door)
        case fact.InterruptedUnlock():
            return _("{door}: the program had ended while it was unlocked", door=door)
        case fact.ExitPressed():
            return _("{door}: the exit button was pressed", door=door)
        case fact.LockFault(jammed=True):
            return _("{door}: the bolt is not where it should be", door=door)
        case fact.LockFault():
            return _("{door}: the bolt is where it should be again", door=door)
        case fact.DoorAlarm(alarm="none"):
            return _("{door}: the alarm is over", door=door)
        case fact.DoorAlarm(alarm=alarm):
            return _("{door}: alarm: {alarm}", door=door, alarm=alarm_word(alarm))
        case fact.FireRelease(True):
            return _("the fire input is active: every door is free")
        case fact.FireRelease():
            return _("the fire input is no longer active")
        case _:
            assert_never(entry)


def _of_people(entry: OfPeople, names: Names) -> str:
    match entry:
        case fact.Granted():
            return _granted(entry, names)
        case fact.Denied():
            return _denied(entry, names)
        case fact.Operated(door, verb, who, seconds) if seconds:
            return _("{door}: {act} by {who} for {span}", door=names.door(door), act=act(verb), **_by(who, seconds))
        case fact.Operated(door, verb, who):
            return _("{door}: {act} by {who}", door=names.door(door), act=act(verb), who=_who(who))
        case fact.Maintenance(who, seconds) if seconds:
            return _("maintenance was armed by {who} for {span}", **_by(who, seconds))
        case fact.Maintenance(who):
            return _("maintenance was ended by {who}", who=_who(who))
        case fact.Commissioned(who, results):
            parts = listed(f"{word(name)} {result_words(result)}" for name, result in results.items())
            return _("{who} tried the parts: {results}", who=_who(who), results=parts)
        case _:
            assert_never(entry)


def _granted(entry: fact.Granted, names: Names) -> str:
    kind, class_ = (_member(of, value) for of, value in ((Kind, entry.pass_kind), (PassClass, entry.pass_class)))
    words = _(
        "{door}: opened for {kind} {index} ({class_})",
        door=names.door(entry.door),
        kind=kind,
        index=entry.index,
        class_=class_,
    )
    again = _(", shown a second time") if entry.again else ""
    shown = _(", by a phone whose clock said {when}", when=_clock(entry.shown_at, names)) if entry.shown_at else ""
    by_phone = _(", by a phone and the central server") if entry.way == fact.PHONE else ""
    return words + again + shown + by_phone


def _clock(wall: float, names: Names) -> str:
    return when(wall, names.settings, "%H:%M:%S")


def _member(of: Any, value: int) -> str:
    return word(of(value).name.lower()) if value in iter(of) else str(value)


def _denied(entry: fact.Denied, names: Names) -> str:
    from kiosk.trust.reasons import WORDS, Reason  # noqa: PLC0415

    words = chosen(WORDS[Reason(entry.reason)]) if entry.reason in set(Reason) else word(entry.reason)
    door = names.door(entry.door)
    if entry.index is None:
        refused = _("{door}: refused: {words}", door=door, words=words)
    else:
        refused = _("{door}: refused, credential {index}: {words}", door=door, index=entry.index, words=words)
    by_phone = _(" (asked for by a phone)") if entry.way == fact.PHONE else ""
    return refused + by_phone + _more(entry.suppressed)


def _more(suppressed: int) -> str:
    return _(" ({count} more were not written down)", count=suppressed) if suppressed else ""


def act(verb: str) -> str:
    """What was done to a door."""
    match verb:
        case "open":
            return _("opened once")
        case "hold":
            return _("held open")
        case "evacuate":
            return _("freed for an evacuation")
        case "lockdown":
            return _("locked down")
        case "release":
            return _("given back to its rules")
        case _:
            return word(verb)


def _who(who: str) -> str:
    """A person's account; or what else may act: a command of the central server, a pass, a new keyset."""
    match who.split(" "):
        case ["central", command]:
            return _("the central server (command {command})", command=command)
        case ["pass", index]:
            return _("credential {index}", index=index)
        case ["simulation"]:
            return _("the simulation")
        case ["keyset"]:
            return _("a new keyset")
        case _:
            return who


def _by(who: str, seconds: float) -> dict[str, str]:
    return {"who": _who(who), "span": span(seconds)}


def result_words(result: str) -> str:
    """What came of a trial: passed, skipped, or failed with what was seen."""
    verdict, colon, seen = result.partition(": ")
    return word(verdict) + (_(": ") + told(seen) if colon else "")


def _of_trust(entry: OfTrust, names: Names) -> str:
    match entry:
        case fact.DocumentApplied(document, version, unused):
            words = _("{document} {version} is in force", document=word(document), version=version)
            return words + (_("; this station has no use for: {names}", names=listed(unused)) if unused else "")
        case fact.DocumentRefused(refusal, suppressed):
            return _("a document was refused: {words}", words=_refusal(refusal)) + _more(suppressed)
        case fact.EnrolmentShown():
            return _("an enrolment code was shown")
        case fact.Enrolled(fingerprint):
            return _("enrolled; its fingerprint: {words}", words=fingerprint)
        case fact.CommandStarted(command, sequence, verb, door):
            words = _("command {command}, number {number}: {verb}", command=command, number=sequence, verb=word(verb))
            return words + (_(" at {door}", door=names.door(door)) if door else "")
        case fact.CommandEnded(command, outcome):
            return _("command {command}: {outcome}", command=command, outcome=outcome_words(outcome))
        case fact.Reported():
            return _reported(entry, names)
        case fact.Updated():
            return _updated(entry)
        case _:
            assert_never(entry)


def outcome_words(outcome: str) -> str:
    """What became of a command; of one that lets somebody in, the reason of the refusal has its own words."""
    from kiosk.trust.reasons import WORDS, Reason  # noqa: PLC0415

    usual = outcome == Reason.LOCKED_DOWN or outcome not in set(Reason)
    return word(outcome) if usual else chosen(WORDS[Reason(outcome)])


def _updated(entry: fact.Updated) -> str:
    detail = _refusal(entry.detail) if entry.outcome == "refused" else told(entry.detail)
    words = _("update to version {version}: {outcome}", version=entry.version or "?", outcome=word(entry.outcome))
    return words + (f"{_(': ')}{detail}" if detail else "")


def _refusal(refusal: str) -> str:
    from kiosk.trust.documents import REFUSAL_WORDS, Refusal  # noqa: PLC0415

    return chosen(REFUSAL_WORDS[Refusal(refusal)]) if refusal in set(Refusal) else word(refusal)


def _reported(entry: fact.Reported, names: Names) -> str:
    doors = (f"{names.door(name)} {listed(map(word, each.split()))}" for name, each in entry.doors.items())
    faults = (_("{what}: {detail}", what=names.fault(what), detail=detail) for what, detail in entry.faults.items())
    documents = (f"{word(kind)} {version}" for kind, version in entry.documents.items())
    return _(
        "reported for command {command}: version {version}; {doors}; {documents}; list {state}; faults: {faults}",
        command=entry.command,
        version=entry.version,
        doors=_("; ").join(doors),
        documents=listed(documents),
        state=word(entry.list),
        faults=_("; ").join(faults) or _("none"),
    )


def _of_room(entry: OfRoom, names: Names) -> str:
    match entry:
        case fact.ApplianceAlarm(alarm, sensor, value, raised):
            form = _("alarm: {alarm} ({sensor}: {value})") if raised else _("over: {alarm} ({sensor}: {value})")
            shown = names.sensor(sensor), names.quantity(sensor, value)
            return form.format(alarm=names.alarm(alarm), sensor=shown[0], value=shown[1])
        case fact.Switched():
            return _switched(entry, names)
        case fact.Saving():
            return _saving(entry)
        case fact.Measured(sensor, value, unit, age):
            return f"{names.sensor(sensor)} {quantity(value, unit)}" + _ago(age)
        case fact.Absent(sensor, reason, age):
            words = _("{sensor}: no value: {reason}", sensor=names.sensor(sensor), reason=word(reason))
            return words + (_(", for {span}", span=span(age)) if age else "")
        case fact.Used():
            return _used(entry, names)
        case fact.Position(latitude, longitude, moving):
            return f"{_('position')} {latitude:.5f}, {longitude:.5f} " + (_("(moving)") if moving else _("(standing)"))
        case _:
            assert_never(entry)


def _ago(age: float) -> str:
    return _(", measured {span} earlier", span=span(age)) if age else ""


def _switched(entry: fact.Switched, names: Names) -> str:
    told_of = {"relay": names.relay(entry.relay), "why": names.why(entry.why)}
    if entry.held:
        return _("{relay}: off because of: {why}", **told_of)
    if entry.on:
        return _("{relay}: has power again; no longer: {why}", **told_of)
    return _("{relay}: still off; no longer: {why}", **told_of)


def _saving(entry: fact.Saving) -> str:
    match entry.phase:
        case "on" if entry.why == BATTERY:
            return _("battery: it has been charged; the appliances have power")
        case "off" if entry.why == BATTERY:
            return _("battery: its voltage is low; the appliances are off")
        case "on":
            return _("saving: the appliances have power")
        case "warned":
            return _("saving: closed and empty; the appliances will be switched off")
        case "off":
            return _("saving: the appliances are off")
        case phase:
            return word(phase)


def _used(entry: fact.Used, names: Names) -> str:
    return _(
        "{appliance}: in {seconds} it ran for {ran} and began {starts} times; {energy:.4g} Wh ({metered} metered)",
        appliance=names.appliance(entry.appliance),
        seconds=span(entry.seconds),
        ran=span(entry.ran),
        starts=entry.starts,
        energy=entry.watt_hours,
        metered=span(entry.metered),
    )
