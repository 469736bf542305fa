"""answer: what an arm says of scans from outside, and what that is worth; plain values as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

RESEARCH_ONLY = (
    "For research only. This is no medical device, and nothing here may be used in the care of a "
    "patient."
)


class Refused(ValueError):  # noqa: N818 - says what the question is, not that the program is wrong
    """A question that gets no answer; its text is a sentence for the person who asks."""


@dataclass(frozen=True)
class Wanted:
    """Which arm of which study is asked.

    ``site`` is the site of the study that the files are from, a row of `sites`: where the arm has
    layers of its own for each training site they are used, as in its cell. None: another place.
    """

    study: str
    arm: str
    site: str | None = None


@dataclass(frozen=True)
class Number:
    """A number with its confidence interval; None with a reason where there is none."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True)
class Worth:
    """What the arm is worth at one site, for one output: numbers of its cell.

    Attributes
    ----------
    trained_on
        Whether the arm learnt from this site: then these are other patients of the same place.
    output
        Finding or class; empty where scans have one of two labels.
    n_patients, n_positive_patients
        Tested; None where the site has no patient keys, so that only scans can be counted.
    confidence
        Level of the intervals.
    reason
        Why there are no numbers; empty if there are.
    """

    site: str
    title: str
    trained_on: bool
    output: str
    n_patients: int | None
    n_positive_patients: int | None
    n_scans: int | None
    n_positive: int | None
    auc: Number
    sensitivity: Number
    specificity: Number
    confidence: float
    reason: str = ""


@dataclass(frozen=True)
class Check:
    """One question of "is this a scan for this arm?", and its answer in a sentence."""

    name: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class Unused:
    """A file, or several for the same reason, that are in no scan.

    Attributes
    ----------
    number
        From 1 on, in the order of the paths.
    files
        How many files.
    rejected
        Whether they should have been a scan; else they were set aside, such as a text.
    reason, detail
        Code of `elsewhere.sites.reasons`, and what was found; without names.
    sentence, remedy
        What the code means and what a person should do.
    path
        Below the folder that was asked. Only in memory: `to_json` leaves it out, for it may name a
        patient.
    """

    number: int
    files: int
    rejected: bool
    reason: str
    detail: str
    sentence: str
    remedy: str
    path: str = ""


@dataclass(frozen=True)
class OfRun:
    """What one model says: its probability, and the threshold from which it calls."""

    fold: int
    seed: int
    probability: float
    threshold: float | None


@dataclass(frozen=True)
class Output:
    """The answer for one scan and one finding or class; the probability is the mean of the models.

    Attributes
    ----------
    name
        Finding or class; empty where scans have one of two labels.
    label
        What a positive call means, in the study's words.
    threshold
        From which it is called; the mean over the models. None: the most probable class is called.
    called
        Whether the arm calls the scan of this label; None where no threshold is known.
    runs
        Each model.
    """

    name: str
    label: str
    probability: float
    threshold: float | None
    called: bool | None
    runs: tuple[OfRun, ...]


@dataclass(frozen=True)
class Similar:
    """A site among the scans that are most like this one: how many of how many."""

    site: str
    title: str
    votes: int
    of: int


@dataclass(frozen=True)
class Map:
    """Where the first model looked, over the scan: the corners of both are the same.

    ``output`` is the finding that is explained, else empty; ``layer`` a layer of the network;
    ``against`` says that it shows what speaks against the call, because nothing speaks for it.
    """

    output: str
    layer: str
    against: bool


@dataclass(frozen=True)
class ScanAnswer:
    """One scan of a question.

    Attributes
    ----------
    number
        From 1 on; its files are in `answers.files`.
    shape, spacing_mm
        Slices, rows, columns, and (dz, dy, dx); None where it is not known.
    affine
        Where its voxels are in the patient, as in a manifest; empty: not known.
    hidden
        Whether its picture must not be shown: text may be burned into it.
    sha256
        Of its voxels as they are stored.
    checks
        Is this a scan for this arm?
    cautions
        What a reader of the probability must know.
    similar
        Sites of the most similar scans, most votes first.
    outputs
        Probabilities; empty if a check failed.
    map
        The Grad-CAM map, if there is one.
    map_reason
        Why there is none.
    """

    number: int
    value_scale: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float | None, float | None, float | None]
    hidden: bool
    sha256: str
    checks: tuple[Check, ...]
    cautions: tuple[str, ...] = ()
    similar: tuple[Similar, ...] = ()
    outputs: tuple[Output, ...] = ()
    map: Map | None = None
    map_reason: str = ""
    affine: str = ""

    @property
    def answered(self) -> bool:
        """Whether it has probabilities."""
        return bool(self.outputs)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why it has none, a sentence for each check that failed."""
        return tuple(check.sentence for check in self.checks if not check.passed)


@dataclass(frozen=True)
class Place:
    """A site: row of `sites`, and its name in figures."""

    site: str
    title: str


@dataclass(frozen=True)
class Answer:
    """The answer to one question; ``site`` as in `Wanted`.

    Attributes
    ----------
    classes
        Names of the labels, from 0 on.
    exclusive
        Whether the outputs are classes of which a scan has exactly one.
    synthetic
        Whether the models learnt from synthetic scans, so that they know nothing of patients.
    worth
        Of every site, for every output.
    notice
        To be shown first.
    """

    study: str
    study_title: str
    arm: str
    arm_title: str
    scale: str
    trained_on: tuple[Place, ...]
    classes: tuple[str, ...]
    exclusive: bool
    synthetic: bool
    site: str | None
    worth: tuple[Worth, ...]
    scans: tuple[ScanAnswer, ...]
    unused: tuple[Unused, ...]
    files: int
    files_used: int
    seconds: float
    notice: str = RESEARCH_ONLY

    def at(self, site: str, output: str) -> Worth | None:
        """Return what the arm is worth at a site, for one output."""
        found = (one for one in self.worth if (one.site, one.output) == (site, output))
        return next(found, None)

    def worst(self, output: str) -> Worth | None:
        """Return the site where the arm has its lowest AUC; None if no site has one."""
        known = [one for one in self.worth if one.output == output and one.auc.value is not None]
        return min(known, key=lambda one: one.auc.value or 0.0, default=None)

    def to_json(self) -> str:
        """Return the answer as JSON, without paths: a file's name may be that of a patient."""
        unnamed = replace(self, unused=tuple(replace(one, path="") for one in self.unused))
        return _ADAPTER.dump_json(unnamed, indent=1).decode() + "\n"

    @staticmethod
    def from_json(text: str) -> Answer:
        """Return the answer that `to_json` wrote; a `ValueError` where the text is none."""
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(Answer)
