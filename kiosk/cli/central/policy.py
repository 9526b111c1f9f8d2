"""`kiosk central policy`: judged, shown, published."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.central.folder import at_the_server, folder_option, looked_into
from kiosk.cli.common import MISUSED, answer, echo, fail, json_too, print_json, wants_json
from kiosk.foreign import visible
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.central.reach import Affected
    from kiosk.central.store.audit import Act
    from kiosk.trust.policy import PolicyDocument


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show for each station what would change, and publish nothing.")
@click.option("--yes", is_flag=True, help="Publish it though it names doors that no station has.")
@folder_option
@json_too
def policy(file: Path, folder: Path, dry_run: bool, yes: bool) -> None:
    """Publish the policy in FILE (TOML; see docs/wire.md) for the stations that it names."""
    from kiosk.central.issuer import Contradiction, Issuer  # noqa: PLC0415
    from kiosk.central.policy_file import policy_warnings  # noqa: PLC0415
    from kiosk.central.reach import reached, strange_doors  # noqa: PLC0415

    wanted = wanted_policy(file)
    store = looked_into(folder)
    affected = reached(store, wanted)
    here = [each.station for each in affected if each.keeps is None]
    wrong, notes = strange_doors(store, wanted, here)
    for line in [*policy_warnings(wanted, time.time()), *notes, *(wrong if yes or dry_run else ())]:
        echo(visible(f"{file}: {line}"), err=True)
    if dry_run:
        show_changes(affected)
        return
    if wrong and not yes:
        lines = [visible(f"{file}: {line}") for line in wrong]
        fail("\n".join([*lines, _("Nothing was published; --yes publishes it all the same.")]), MISUSED, lines)
    try:
        with store.transaction():
            version = Issuer(folder, store).publish_policy(wanted)
            store.acted(policy_act("policy published", wanted.station), time.time())
    except Contradiction as error:
        fail(visible(f"{file}: {error}"), MISUSED)
    words = _(
        "policy {version} is published for {station}; it reaches {count} stations, and {others} have one of their own",
        version=version,
        station=wanted.station or _("every station"),
        count=len(here),
        others=len(affected) - len(here),
    )
    answer(words, version=version, station=wanted.station, reaches=len(here), others=len(affected) - len(here))


def wanted_policy(file: Path) -> PolicyDocument:
    """The policy in that file; else exit code 2 with each thing that is wrong."""
    from kiosk.central.policy_file import BadPolicy, read_policy  # noqa: PLC0415

    try:
        return read_policy(file)
    except BadPolicy as error:
        count = _("{count} wrong in the policy; nothing was published.", count=len(error.errors))
        lines = [visible(line) for line in error.errors]
        fail("\n".join([*lines, count]), MISUSED, lines)


def policy_act(what: str, prefix: str) -> Act:
    """What somebody does here to the policy for a prefix, as the audit has it."""
    from kiosk.central.proposals import about_policy  # noqa: PLC0415
    from kiosk.central.store.audit import Act  # noqa: PLC0415

    return Act(at_the_server(), what, about_policy(prefix), prefix)


def show_changes(affected: list[Affected]) -> None:
    """What would change, once for all stations for which it is the same."""
    if wants_json():
        print_json(affected)
        return
    alike: dict[tuple[object, ...], list[Affected]] = {}
    for each in affected:
        alike.setdefault((each.changes, each.keeps), []).append(each)
    for group in alike.values():
        echo(_("{count} stations:", count=len(group)) + " " + " ".join(each.station for each in group))
        if group[0].keeps is not None:
            echo("  " + _("nothing: they have the policy for {prefix}", prefix=group[0].keeps))
        elif not group[0].changes:
            echo("  " + _("nothing changes"))
        for change in group[0].changes:
            echo(visible(f"  {change.key}: {change.before or '–'} → {change.after or '–'}"))
    here = sum(each.keeps is None for each in affected)
    echo(_("It would reach {count} stations; nothing was published.", count=here))
