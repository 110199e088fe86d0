"""`avow proxy`: runs another client, and says which models answered it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import Interrupted

if TYPE_CHECKING:
    from avow.asking.report import Report
    from avow.exchange.exchange import Exchange
    from avow.history.store import History
    from avow.proxy.account import Account
    from avow.proxy.run import ProxyRun, ProxySetup, SideWorker
    from avow.settings.levels import Settings

_PATIENCE_S = 2.0
"""How long one try to write the history waits for another process that has it."""


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """The options of `avow proxy`: what to run (nothing: only serve), the upstream, and what is printed."""

    command: tuple[str, ...] = ()
    upstream: str | None = None
    port: int = 0
    report: str | None = None
    live: bool = False
    hold: bool = False
    accept_fallback: bool = False
    keep_text: bool = False
    first_party: bool = True
    history: bool = True
    quiet: bool = False


def command(typed: Typed, context: Context) -> int:
    """Run the command that was named."""
    options = ProxyOptions(
        command=typed.words("words"),
        upstream=typed.text("upstream"),
        port=typed.integer("port") or 0,
        report=typed.text("report"),
        live=typed.flag("live"),
        hold=typed.flag("hold"),
        accept_fallback=typed.flag("accept_fallback"),
        keep_text=typed.flag("keep_text"),
        first_party=not typed.flag("no_first_party"),
        history=not typed.flag("no_history"),
        quiet=typed.flag("quiet"),
    )
    return run(options, context)


def run(options: ProxyOptions, context: Context) -> int:
    """Run the command, and give the exit status. Raises UsageError where it cannot be run, Interrupted where a signal
    ended the command, or the wait for it."""
    import gc

    from avow.proxy.run import ProxyRun, SideWorker

    gc.enable()  # a process of hours; `main` is made for one of a second
    flags: dict[str, object] = {"quiet": True} if options.quiet else {}
    settings = context.settings(flags)
    report = _report(options, context, settings)
    aside = SideWorker()
    if options.hold:
        context.screen.note("--hold: the command gets each answer at its end, or an error in its place")
    setup, more = _setup(options, context, settings, aside)
    proxied = ProxyRun(setup)
    if options.command:
        from avow.proxy.run import run_command

        account = run_command(proxied, options.command, context.environ, **more)
        stop = None
    else:
        account, stop = _serve(proxied, context)
    aside.close()
    status = _tell(account, proxied, setup, options, context)
    for words in dict.fromkeys(aside.problems):
        context.screen.note(words)
    if report is not None:
        status = _write(report, account, status, context)
    if stop is not None:
        raise stop
    if status in (128 + 1, 128 + 2, 128 + 15):  # so that a shell's loop ends as without avow
        raise Interrupted(status - 128)
    return status


def _write(report: "Report", account: "Account", status: int, context: Context) -> int:
    """Write the report; the exit status, which is that of an error where the report cannot be written."""
    from avow.exit_codes import ExitCode, gravest
    from avow.proxy.account import report as as_object

    problem = report.write(as_object(account))
    if problem is None:
        return status
    context.screen.error(problem)
    return status if account.command_status else gravest(ExitCode.UNEXPECTED, ExitCode(status))


def _serve(proxied: "ProxyRun", context: Context) -> "tuple[Account, Interrupted]":
    """Serve until a signal comes."""
    from avow.proxy import waiting

    try:
        with waiting.signals() as wait:
            proxied.start()
            context.screen.out(f"{proxied.base_url}\n")
            while True:
                wait()
    except Interrupted as stop:
        return proxied.close(), stop
    except BaseException:
        proxied.close()
        raise


def _setup(
    options: ProxyOptions, context: Context, settings: "Settings", aside: "SideWorker"
) -> "tuple[ProxySetup, dict[str, str]]":
    """What the run needs, and which variables are added to the command's environment."""
    from avow.proxy.judging import JudgingContext
    from avow.proxy.recorder import HistoryRecorder, NullRecorder
    from avow.proxy.run import ProxySetup, upstream

    url, said_by, more = _upstream(options, context)
    address = upstream(url, said_by)
    judging_context = JudgingContext(
        base_url=url.rstrip("/"),
        host=address.host,
        run=_new_run(),
        prices=settings.table("prices"),
        same_models=settings.table("same_models"),
        accept_fallback=options.accept_fallback,
        hold=options.hold,
        traceparent=context.environ.get("TRACEPARENT"),
    )
    keeps = options.history and settings.flag("history.enabled")
    recorder = HistoryRecorder(lambda: _open_history(options, context, settings)) if keeps else NullRecorder()
    setup = ProxySetup(
        address,
        judging_context,
        context.environ,
        recorder,
        on_answer=_teller(options, context, settings, aside),
        keep_text=options.keep_text,
        hold=options.hold,
        port=options.port,
    )
    return setup, more


def _upstream(options: ProxyOptions, context: Context) -> tuple[str, str, dict[str, str]]:
    """Where requests go, what set that, and which variables are added for Claude Code."""
    from pathlib import Path

    from avow.proxy import claude_code
    from avow.wire.api import API_HOST, API_URL

    environ, screen = context.environ, context.screen
    url, said_by = options.upstream, "--upstream"
    if not url and (url := environ.get("ANTHROPIC_BASE_URL")):
        said_by = "ANTHROPIC_BASE_URL"
    if not claude_code.is_claude_code(options.command):
        return url or API_URL, said_by, {}
    if name := claude_code.cloud(environ):
        screen.note(f"{name} is set: what Claude Code asks a cloud's own API does not pass through avow")
    own = None if claude_code.names_settings(options.command) else claude_code.own_base_url(environ, Path.cwd())
    if own is not None:
        url = options.upstream or own.url
        screen.note(
            f"{own.path} sets ANTHROPIC_BASE_URL, which outranks the environment: nothing passes here unless the"
            f" command is {claude_code.settings_argument()}"
        )
        said_by = said_by if options.upstream else str(own.path)
    url = url or API_URL
    if _host(url) != API_HOST:
        screen.note("Claude Code behaves as behind a gateway: the upstream is not the API's own host")
    elif claude_code.FIRST_PARTY in environ:
        pass
    elif not options.first_party:
        screen.note("Claude Code behaves as behind a gateway: --no-first-party")
    else:
        screen.note(
            f"{claude_code.FIRST_PARTY}=1 is set for the command, so that Claude Code behaves as without avow;"
            " --no-first-party leaves it out"
        )
        return url, said_by, {claude_code.FIRST_PARTY: "1"}
    return url, said_by, {}


def _host(url: str) -> str | None:
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _teller(
    options: ProxyOptions, context: Context, settings: "Settings", aside: "SideWorker"
) -> "Callable[[Exchange], None]":
    """What is done with each answer as it ends: `--live`, a push, and `on_reroute`."""
    hook = settings.words("on_reroute")
    pushes = settings.text("telemetry.push") == "after"
    seconds = settings.number("on_reroute_timeout") or 10.0

    def told(exchange: "Exchange") -> None:
        if options.live:
            _print_lines(exchange, context)
        if pushes:
            from avow.asking.ask import push_after  # deferred: it brings all of asking along

            push_after(settings, context, exchange)
        if exchange.routing.rerouted and hook:
            from avow.asking import hooks
            from avow.proxy.account import answer_as_json

            def call() -> None:
                if problem := hooks.run(hook, answer_as_json(exchange), context.environ, seconds):
                    aside.problems.append(problem)

            aside.add(call)

    return told


def _open_history(options: ProxyOptions, context: Context, settings: "Settings") -> "History":
    from avow.history.store import History

    content = (settings.text("history.content") or "full") if options.keep_text else "none"
    # The recorder tries again: what is late is written with the next answer, and at the end.
    return History.open(
        context.paths.history_file, content=content, patience_seconds=_PATIENCE_S, opening_seconds=_PATIENCE_S
    )


def _new_run() -> str:
    from avow.exchange.exchange import new_id

    return new_id()


def _report(options: ProxyOptions, context: Context, settings: "Settings") -> "Report | None":
    """The report, opened before the command runs. Raises UsageError where it cannot be."""
    if options.report is None:
        return None
    from avow.asking.report import Report
    from avow.files.opening import check_apart

    if not options.report.startswith("fd:"):
        check_apart({"--report": options.report}, (), kept=context.paths.kept, streams=context.streams)
    return Report.open(options.report, context.wait(settings))


def _print_lines(exchange: "Exchange", context: Context) -> None:
    from avow.terminal.notices import notices

    for line in notices(exchange._replace(withheld=False)):
        context.screen.statement(line)
    if exchange.withheld:
        context.screen.statement("avow: withheld: the answer was not passed on to the command (--hold)")


def _tell(account: "Account", proxied: "ProxyRun", setup: "ProxySetup", options: ProxyOptions, context: Context) -> int:
    """Print the summary of the run, and give its exit status."""
    from avow.proxy.account import exit_status, is_empty, refused, summary, why_empty
    from avow.terminal.sanitize import clean_line

    screen = context.screen
    if is_empty(account):
        screen.error(f"no answer came through: {clean_line(why_empty(account))}")
    screen.statement(f"avow: {clean_line(summary(account))}")
    if not options.live:
        for entry in account.entries:
            _print_lines(entry.exchange, context)
    if words := setup.recorder.close():
        screen.note(words)
    if proxied.refused:
        screen.note(refused(proxied.refused))
    for words in proxied.fault_words():
        screen.note(words)
    return exit_status(account)
