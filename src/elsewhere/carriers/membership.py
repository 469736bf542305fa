"""membership: what a hospital answers to a federation's server, whatever network carries it.

All that leaves goes through the outbox. A request that is against the agreement is refused, with a
reason that holds nothing of the hospital's data.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elsewhere.carriers import export
from elsewhere.carriers.outbox import SCORES, Outbox
from elsewhere.federation import agreement as agreements
from elsewhere.federation import introductions, wire
from elsewhere.federation.agreement import Agreement
from elsewhere.federation.disk import keep_out_of_git, readable, write
from elsewhere.federation.hospital import Hospital
from elsewhere.federation.introductions import CARDS, Card, cards, introduce
from elsewhere.federation.wire import Message, RefusedError

if TYPE_CHECKING:
    from elsewhere.carriers.local import LocalCohort
    from elsewhere.carriers.settled import Settled

log = logging.getLogger(__name__)

HOME = "home.json"
LEFT = "left"
OUTBOX = "outbox"
FINISHED = "finished"
EXPORT = "export"
RESULTS = "results"  # the kind of the server's last request: the scores of all hospitals


class Member:
    """A hospital of a federation, as its folder describes it; torch is loaded when it trains.

    Parameters
    ----------
    folder
        The hospital's folder: keys, roster, agreement, outbox.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        home = _home(self.folder)
        self.site: str = home["site"]
        self.project = Path(home["project"])
        self.agreement = Agreement.read(self.folder / agreements.FILE)
        self.outbox = Outbox(self.folder / OUTBOX)

    @property
    def finished(self) -> bool:
        """Whether the federation is over and `EXPORT` is written."""
        return (self.folder / EXPORT / export.DIGESTS).exists()

    @property
    def has_left(self) -> bool:
        """Whether a person said that this hospital takes part no more."""
        return (self.folder / LEFT).exists()

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request; a refusal is an answer, too.

        A refusal says what a person at the server may read. What it must not read, such as
        the path of a file or the message of an error that was not foreseen, is in the log here.
        """
        number = ""
        try:
            message = wire.decode(request)
            asked = message.header.get("round")
            number = str(asked) if type(asked) is int and asked else ""
            answer = self._answered(message, request)
        except RefusedError as error:
            reason = wire.one_line(str(error).replace(f"{self.folder}/", ""))
            log.warning("refused: %s", reason)
            answer = wire.refused(request, reason)
        except Exception as error:  # the server must be told something, and nothing of the data
            log.exception("a request could not be answered")
            reason = f"{self.site} cannot answer: {type(error).__name__}; its own log says more"
            answer = wire.refused(request, reason)
        self.outbox.put(answer, number=number)
        return answer

    def check(self) -> Settled:
        """Return what is trained here, if it is what was agreed.

        Raises
        ------
        RefusedError
            If this hospital's settings differ from the agreement; the message names what differs.
        """
        return self._settled

    @cached_property
    def _settled(self) -> Settled:
        return _agreed(self.agreement, self.site, project=self.project)

    @cached_property
    def _cohort(self) -> LocalCohort:
        from elsewhere.carriers.local import LocalCohort

        return LocalCohort(self._settled, self.site)

    @cached_property
    def _hospital(self) -> Hospital:
        terms = self.agreement.terms()
        return Hospital(self.folder, self.site, terms=terms, trainer=_Late(self))

    def _answered(self, message: Message, request: bytes) -> bytes:
        if self.has_left:
            raise RefusedError(f"{self.site} has left the federation")
        kind = message.header.get("kind")
        if kind in ("key", "round"):
            self._require_round(message)
            return self._hospital.answer(request)
        if message.header.get("terms") != self.agreement.digest:
            raise RefusedError(f"{self.site} has another agreement than the server")
        if kind == "model":
            return self._scores(message, request)
        if kind == RESULTS:
            return self._results(message, request)
        asked = wire.one_line(str(kind))
        raise RefusedError(f"{self.site} is asked for '{asked}', which no hospital answers")

    def _require_round(self, message: Message) -> None:
        """Refuse a training beyond what was agreed: each one shows more of the scans."""
        number = message.header.get("round")
        if type(number) is not int or not 1 <= number <= self.agreement.rounds:
            raise RefusedError(
                f"{self.site} trains in the rounds 1 to {self.agreement.rounds} of the agreement, "
                "and is asked for another"
            )

    def _scores(self, message: Message, request: bytes) -> bytes:
        """Score the final model on this hospital's own cell; only one model is ever scored."""
        if message.header["round"] != self.agreement.rounds + 1:
            raise RefusedError(f"{self.site} gives scores after round {self.agreement.rounds} only")
        if self._hospital.rounds.numbers()[-1:] != [self.agreement.rounds]:
            raise RefusedError(
                f"{self.site} gives scores of a model that it trained in the last round only"
            )
        asked, mark = wire.digest(request), self.folder / FINISHED / "request.txt"
        if mark.exists() and mark.read_text("ascii") != asked:
            raise RefusedError(f"{self.site} has given the scores of another model already")
        scores = self.folder / FINISHED / SCORES
        if not scores.exists():
            from elsewhere.carriers.suppression import published
            from elsewhere.scores import predictions

            shared = self._hospital.model(request)
            write(mark, asked.encode())
            metrics = self._cohort.finish(self._hospital, shared, self.folder / FINISHED)
            rows, _ = predictions.read(self.folder / FINISHED / "predictions.parquet")
            kept = published(metrics, rows, fewest=self.agreement.fewest_patients)
            write(scores, readable(kept))
        answer = Message({"kind": "scores", "request": asked}, (scores.read_bytes(),))
        return wire.encode(answer)

    def _results(self, message: Message, request: bytes) -> bytes:
        """Keep the scores of all hospitals beside the model, as a folder that can be imported."""
        if not (self.folder / FINISHED / SCORES).exists():
            raise RefusedError(f"{self.site} has not scored the model yet")
        (text,) = message.exactly(1, sender="the server")
        scores = export.checked(export.table(text), self.agreement.sites)
        export.write(self.folder, scores, model=self.folder / FINISHED, to=self.folder / EXPORT)
        return wire.encode(Message({"kind": "received", "request": wire.digest(request)}))


@dataclass
class _Late:
    """A hospital's training, whose settings are compared with the agreement before it begins."""

    member: Member

    def initial(self) -> Any:
        return self.member._cohort.initial()

    def train(self, weights: Any, *, number: int, memory: bytes) -> Any:
        return self.member._cohort.train(weights, number=number, memory=memory)


def opened(folder: Path) -> Member:
    """Return the hospital whose folder this is.

    Raises
    ------
    RefusedError
        If the folder was not made by `prepare`, or its agreement is damaged.
    """
    return Member(folder)


def prepare(folder: Path, site: str, *, agreement: Agreement, project: Path) -> Card:
    """Make a hospital's folder and its keys, if its settings are those of the agreement.

    What is there is kept, so that it can be called again with an agreement that names another
    address of the server.

    Returns
    -------
    Card
        The public keys, to be sent to the coordinator and to every other hospital.

    Raises
    ------
    RefusedError
        If the hospital is no member, its settings differ, or the folder is of another federation.
    """
    if site not in agreement.sites:
        raise RefusedError(f"{site} is none of the members: {', '.join(agreement.sites)}")
    path = folder / agreements.FILE
    if path.exists() and Agreement.read(path).digest != agreement.digest:
        raise RefusedError(f"{folder} is of another agreement: choose a new folder")
    if (folder / HOME).exists() and _home(folder)["site"] != site:
        raise RefusedError(f"{folder} is of {_home(folder)['site']}, not of {site}")
    _agreed(agreement, site, project=project)
    keep_out_of_git(folder)
    agreement.write(path)
    write(folder / HOME, readable({"site": site, "project": str(project.absolute())}))
    return introduce(folder, site, agreement=agreement.digest)


def meet(folder: Path) -> dict[str, Card]:
    """Make the roster of a hospital from the cards in its folder, and return them.

    Raises
    ------
    RefusedError
        If a card is damaged, missing, or has another key than the roster that is there.
    """
    member = opened(folder)
    agreed = member.agreement
    found = cards(folder, agreed.sites, agreement=agreed.digest)
    missing = [site for site in agreed.sites if site not in found]
    if missing:
        raise RefusedError(
            f"{folder / CARDS} has no card of {', '.join(missing)}: put there the files that "
            "`elsewhere federation key` wrote at the other hospitals"
        )
    introductions.meet(folder, member.site, cards=found)
    return found


def leave(folder: Path) -> None:
    """Answer no more: every request is refused until the file `LEFT` is removed."""
    write(folder / LEFT, f"{_home(folder)['site']} has left the federation\n".encode())


def _agreed(agreement: Agreement, site: str, *, project: Path) -> Settled:
    """Return what is trained here, if it is what was agreed."""
    from elsewhere.carriers.settled import settled

    here = settled(project, agreement)
    here.require(agreement, at=site)
    return here


def _home(folder: Path) -> dict[str, str]:
    path = folder / HOME
    if not path.exists():
        raise RefusedError(
            f"{path} is missing: this is no hospital's folder, which `elsewhere federation key` "
            "makes; the coordinator's commands are init, serve, status and leave --site NAME"
        )
    home: dict[str, str] = json.loads(path.read_text("utf-8"))
    return home
