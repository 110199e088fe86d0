"""A run of the proxy: the relay, the call log and the command, from the first connection to the account."""

import contextlib
import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from avow.endpoint.certificates import client_context
from avow.errors import UsageError, system_words
from avow.exchange.exchange import Exchange
from avow.proxy import child, decoding, judging
from avow.proxy.account import Account
from avow.proxy.address import Address, BadAddress, find
from avow.proxy.backlog import Backlog, DeferredObserver
from avow.proxy.call_log import CallLog
from avow.proxy.call_observer import CallEvent, CallObserver, CallSent
from avow.proxy.hold import AnswerHolder, Decision
from avow.proxy.judging import JudgingContext
from avow.proxy.observer import Holder, Observer
from avow.proxy.recorder import HistoryRecorder, NullRecorder
from avow.proxy.relay_thread import RelayThread
from avow.text.counts import counted


class ProxySetup(NamedTuple):
    """What a run needs: `recorder` keeps exchanges, `on_answer` is called with each as it ends, in the thread of the
    call log."""

    address: Address
    judging_context: JudgingContext
    environ: Mapping[str, str]
    recorder: HistoryRecorder | NullRecorder
    on_answer: Callable[[Exchange], None] = lambda _exchange: None
    keep_text: bool = False
    hold: bool = False
    port: int = 0


class ProxyRun:
    """One run. It listens from the beginning; nothing passes before `start`."""

    def __init__(self, setup: ProxySetup) -> None:
        self._setup = setup
        self.faults: list[Exception] = []
        context = client_context(setup.environ) if setup.address.secure else None
        self._backlog = Backlog()
        self._number = itertools.count(1)
        self._call_log: CallLog | None = None
        try:
            self._serving = RelayThread(
                setup.address,
                self._watch,
                context=context,
                fault=self.faults.append,
                without_codings=decoding.unknown_codings(),
                hold=self._hold if setup.hold else None,
                port=setup.port,
            )
        except OSError as error:
            words = f"cannot listen on port {setup.port}: {system_words(error)}"
            raise UsageError(words, hint="leave --port out") from None
        self.base_url = self._serving.base_url

    def start(self) -> None:
        """Let requests pass. Threads are started here, so a command must be running before."""
        setup = self._setup
        self._call_log = CallLog(
            setup.judging_context,
            setup.recorder,
            on_answer=setup.on_answer,
            fault=self.faults.append,
            keep_text=setup.keep_text,
            wait=self._backlog.quiet.wait,
        )
        self._serving.start()

    def finish(self) -> None:
        """Wait for the answers that are awaited."""
        self._serving.finish()

    def close(self, command: Sequence[str] = (), command_status: int | None = None) -> Account:
        """End all that is left, and give the account."""
        self._serving.close()
        self._backlog.finish()
        if self._call_log is None:
            return Account((), 0, command, command_status)
        self._call_log.close()
        retried = len(self._call_log.tracker.superseded)
        return Account(self._call_log.counted(), retried, command, command_status)

    @property
    def refused(self) -> int:
        """How many requests were not passed on."""
        return self._serving.relay.refused

    def fault_words(self) -> list[str]:
        """A line on errors of avow's own, without values that may be secret; empty where there were none."""
        if not self.faults:
            return []
        kinds = ", ".join(dict.fromkeys(_place(error) for error in self.faults))
        return [
            f"{counted(len(self.faults), 'fault')} of avow's own while judging ({kinds}); what passed was not touched"
        ]

    def _hold(self, observer: Observer, write: Callable[[bytes], None]) -> Holder:
        assert isinstance(observer, _HeldCallObserver)
        return AnswerHolder(write, observer.next_decision)

    def _watch(self) -> Observer:
        assert self._call_log is not None
        if self._setup.hold:
            return _HeldCallObserver(self._call_log, self._number.__next__, self.faults.append)
        observer = CallObserver(
            self._call_log.hear, self._number.__next__, self.faults.append, clock=self._backlog.moment
        )
        return DeferredObserver(observer, self._backlog, self.faults.append)


class _HeldCallObserver(CallObserver):
    """An observer that reads at once, and knows the coming decision on each answer."""

    def __init__(self, call_log: CallLog, number: Callable[[], int], fault: Callable[[Exception], None]) -> None:
        super().__init__(self._hear, number, fault)
        self._call_log = call_log
        self._decisions: deque[Future[Decision]] = deque()

    def next_decision(self) -> "Future[Decision]":
        """The coming decision on the next answer."""
        if self._decisions:
            return self._decisions.popleft()
        unknown: Future[Decision] = Future()
        unknown.set_result("it cannot be judged")
        return unknown

    def _hear(self, event: CallEvent) -> None:
        if isinstance(event, CallSent):
            decision: Future[Decision] = Future()
            self._decisions.append(decision)
            self._call_log.verdict(event.call.number).add_done_callback(lambda verdict: _settle(decision, verdict))
        self._call_log.hear(event)


def _settle(decision: "Future[Decision]", judged: "Future[Exchange]") -> None:
    if error := judged.exception():
        decision.set_exception(error)
    else:
        decision.set_result(judging.why_withheld(judged.result()))


def upstream(url: str, said_by: str) -> Address:
    """The address of the upstream, with the proxy that the environment names. `said_by` is where `url` was set. Raises
    UsageError."""
    try:
        return find(url, os.environ)
    except BadAddress as error:
        raise UsageError(f"{said_by}: {error}") from None


def run_command(run: ProxyRun, command: Sequence[str], environ: Mapping[str, str], **more: str) -> Account:
    """Run `command` behind the relay until it ends, and wait for the answers that are awaited. Raises UsageError."""
    try:
        status = child.run(command, child.environment(environ, run.base_url, **more), run.start)
    except BaseException:
        run.close()
        raise
    try:
        run.finish()
    finally:
        account = run.close(command, status)
    return account


class SideWorker:
    """Does slow work in a thread of its own, one piece after the other; the work itself appends what goes wrong to
    `problems`."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, work: Callable[[], None]) -> None:
        """Do `work` later."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="aside", daemon=True)
            self._thread.start()
        self._queue.put(work)

    def close(self) -> None:
        """Wait until all work is done."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            with contextlib.suppress(OSError):
                work()


def _place(error: Exception) -> str:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition('avow/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
