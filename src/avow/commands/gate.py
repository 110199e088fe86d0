"""`--fail-on`: an exit status by the verdicts of the answers that were shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from avow.commands.outside_options import REROUTED_WORD, VERDICTS
from avow.errors import unknown_word
from avow.exchange.exchange import Status
from avow.exchange.outcome import exit_code
from avow.exit_codes import ExitCode, gravest
from avow.routing.verdict import REROUTED, Verdict

Shown = TypeVar("Shown")


class Gate:
    """Watches answers pass, and gives the exit status of the gravest answer with one of the verdicts to fail on."""

    def __init__(self, words: Sequence[str]) -> None:
        """`words` are verdicts, repeated or with commas between them. Raises UsageError for a word that is not a
        verdict."""
        self._grave = _verdicts(words)
        self.exit_code = ExitCode.OK

    def see(self, verdict: Verdict | None) -> None:
        """Note the verdict of one answer that is shown."""
        if verdict in self._grave:
            self.exit_code = gravest(self.exit_code, exit_code(Status.COMPLETE, verdict))

    def watch(self, answers: Iterable[Shown], verdict: Callable[[Shown], Verdict | None]) -> Iterator[Shown]:
        """The same answers, each noted as it passes."""
        for answer in answers:
            self.see(verdict(answer))
            yield answer


def _verdicts(words: Sequence[str]) -> frozenset[Verdict]:
    found: set[Verdict] = set()
    for word in (word.strip() for each in words for word in each.split(",")):
        if word == REROUTED_WORD:
            found |= REROUTED
        elif word in VERDICTS:
            found.add(Verdict(word))
        elif word:
            raise unknown_word(word, (REROUTED_WORD, *VERDICTS), "verdict")
    return frozenset(found)
