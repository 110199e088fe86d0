"""The history as the journal of a run: which run this is, and which of its items were answered before."""

import time
from collections.abc import Iterator

from avow.exchange.exchange import Exchange
from avow.history import batches, runs
from avow.history.store import History
from avow.run.options import LAST
from avow.run.suite import RunQuestion, Suite, SuiteDigest


class Journal:
    """The history's record of a run. `run` is its number, None where nothing is kept; `note` is what the user should
    know; `has_open_batches`: batches of the run are still to be collected."""

    def __init__(self, history: History | None, file: str, resume: str | None, summed: SuiteDigest) -> None:
        self._history = history
        self.has_open_batches = False
        self.run: int | None = None
        self.note: str | None = None
        self._goes_on = False
        self._changed = False
        self._digest = summed.digest
        if history is None:
            return
        if resume is not None:
            known = runs.last_of(history, file) if resume == LAST else runs.numbered(history, int(resume))
            if known is not None:
                self.run, self._goes_on = known.number, True
                self._changed = known.digest != summed.digest
                self.has_open_batches = bool(batches.open_batches(history, known.number))
            else:
                self.note = "there is no earlier run of this file: a new one begins"
        if self.run is None:
            self.run = runs.begin(history, file, summed.digest, time.time())

    def place_again(self, suite: Suite) -> None:
        """If the file has changed since the run was begun, mark the exchanges that still belong to an item, and no
        others."""
        if self._history is None or not self._changed or self.run is None:
            return
        runs.forget_places(self._history, self.run, self._digest)
        for question in suite.questions(self.run):
            found = runs.last_asked(self._history, question.item)
            if found is not None and found.number is not None:
                runs.place(self._history, found.number, question.item)

    def look_back(self) -> None:
        """Look up earlier exchanges from now on: items may have been asked since this run was begun or resumed."""
        self._goes_on = True

    def earlier(self, question: RunQuestion) -> Exchange | None:
        """The exchange in which this run asked the question before."""
        if self._history is None or not self._goes_on:
            return None
        found = runs.last_asked(self._history, question.item)
        return None if found is None else found._replace(item=question.item)

    def asked_before(self) -> Iterator[Exchange]:
        """Every exchange of this run so far, superseded ones included."""
        if self._history is not None and self._goes_on:
            yield from self._history.select("SELECT * FROM exchange WHERE run = ?", (self.run,))
