"""`avow audit list` and `show`: what is kept of each audit."""

import json

from avow.audit.collecting import asked_in_all, is_complete
from avow.audit.screens import list_lines, show_lines
from avow.audit.store import StoredAudit
from avow.commands.audit.starting import store_of
from avow.commands.paging import page
from avow.context import Context
from avow.errors import UnreadableFile, UsageError
from avow.exit_codes import ExitCode
from avow.wire.json_value import JsonObject


def run_list(context: Context, *, as_json: bool = False) -> ExitCode:
    """Print a row for each audit. An audit whose file cannot be read is named, and the exit status is then 2."""
    context.style(context.settings())
    store = store_of(context)
    found: list[StoredAudit] = []
    unreadable: list[UnreadableFile] = []
    for name in store.names():
        try:
            kept = store.load(name)
        except UnreadableFile as error:
            unreadable.append(error)
        else:
            found += [kept] if kept is not None else []
    if as_json:
        context.screen.line(json.dumps([_as_json(kept) for kept in found], indent=2))
    elif not found and not unreadable:
        context.screen.note("no audit yet; to begin one: avow audit baseline -m MODEL")
    elif found:
        page("".join(f"{line}\n" for line in list_lines(found, context.screen.out_facts)), context)
    for each in unreadable:
        context.screen.error(each.message, each.hint)
    return ExitCode.USAGE if unreadable else ExitCode.OK


def run_show(name: str, context: Context, *, record: bool = False) -> ExitCode:
    """Print all of one audit. Raises UsageError where there is no audit of that name."""
    context.style(context.settings())
    kept = store_of(context).load(name)
    if kept is None:
        known = ", ".join(store_of(context).names()) or "none"
        raise UsageError(f"there is no audit {name}", hint=f"audits: {known}")
    if record:
        context.screen.line(json.dumps(kept.record.as_json(), indent=2, ensure_ascii=False))
    else:
        page("".join(f"{line}\n" for line in show_lines(kept, context.screen.out_facts)), context)
    return ExitCode.OK


def _as_json(kept: StoredAudit) -> JsonObject:
    record = kept.record
    last = next((look.result for look in reversed(record.runs) if look.result), None)
    return {
        "name": record.name,
        "model": record.conditions.model,
        "base_url": record.conditions.base_url,
        "replies": len(record.baseline),
        "of": asked_in_all(record),
        "complete": is_complete(kept),
        "one_sitting": record.one_sitting,
        "looks_used": len(record.runs),
        "looks": record.looks,
        "alpha_spent": record.alpha_total * len(record.runs) / record.looks,
        "last_result": last.get("result") if last else None,
    }
