"""new_study: writes a study of a user's own sites, like one that comes with the project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.commands.edited import edited, scalar
from elsewhere.commands.fitting import Modalities, check_fit
from elsewhere.commands.tried import tried, unused_name
from elsewhere.design.merge import CONFIG, USER
from elsewhere.design.params import Params, ParamsError, load
from elsewhere.design.study import Scale, Study
from elsewhere.files import whole


@dataclass(frozen=True)
class NewStudy:
    """What the user typed.

    Attributes
    ----------
    name
        Of the study.
    like
        A study whose split, scoring, scales and networks it takes over.
    sites
        Rows of `sites` that models are trained on.
    external
        Rows of `sites` that are tested alone.
    title
        None: the name.
    classes
        Names of the labels, from 0 on.
    """

    name: str
    like: str
    sites: Sequence[str]
    external: Sequence[str] = ()
    title: str | None = None
    classes: Sequence[str] = ("negative", "positive")

    @property
    def every_site(self) -> list[str]:
        """Sites of both sorts, in order."""
        return [*self.sites, *self.external]


def write(wanted: NewStudy) -> list[str]:
    """Write config/studies/<name>.yaml and add the study to `run`, or neither.

    Returns
    -------
    list of str
        What was done, a line each.

    Raises
    ------
    ParamsError
        If the name is taken, a site or the study to be like is unknown, or they do not fit; the
        message then says which study fits.
    """
    params = load()
    unused_name("studies", wanted.name)
    if len(wanted.classes) < 2:
        raise ParamsError("--classes: expected two names or more, of label 0, label 1 and so on")
    if not wanted.sites:
        raise ParamsError("--sites: expected at least one site to train on")
    place = Path(CONFIG) / "studies" / f"{wanted.name}.yaml"
    if place.exists():
        raise ParamsError(f"{place} is there already; choose another name, or move it away")
    modalities = check_fit(params, wanted.like, wanted.every_site)
    study = "\n".join(_lines(params, wanted, modalities)) + "\n"
    settings = edited(Path(USER), lambda tables: _add(tables, wanted.name))
    tried({USER: settings, place.as_posix(): study})
    for path, text in ((place, study), (Path(USER), settings)):
        with whole(path) as part:
            part.write_text(text, encoding="utf-8", newline="")
    return [f"{place} written, like {wanted.like}", f"{wanted.name} added to `run` in {USER}"]


def _add(tables: dict[str, Any], name: str) -> None:
    run = tables.get("run")
    if not isinstance(run, list):
        run = tables["run"] = []
    run.append(name)


def _lines(params: Params, wanted: NewStudy, modalities: Modalities) -> Iterator[str]:
    """Yield the lines of the study's file, with everything that a user may want to change."""
    like = params.studies[wanted.like]
    yield "# yaml-language-server: $schema=../../params.schema.json"
    yield f"# {wanted.name}: made like {wanted.like}; all of it is yours to change."
    yield f"# `elsewhere params {wanted.name}` says what a run would use, or what is wrong."
    yield ""
    yield "studies:"
    yield f"  {wanted.name}:"
    yield f"    title: {scalar(wanted.title or wanted.name)}"
    yield "    citation: own data"
    yield f"    classes: {scalar([*wanted.classes])}  # names of the labels, from 0 on"
    yield "    published: null              # no published numbers stand beside ours"
    yield f"    audit: {scalar(_plain(like.audit))}"
    if modalities.findings:
        yield from _findings(like, modalities)
    if wanted.external:
        yield f"    external: {scalar([*wanted.external])}  # no arm trains on these, all is tested"
    yield f"    split: {scalar(_split(like, wanted))}  # of patients"
    yield f"    scoring: {scalar(_scoring(like, external=bool(wanted.external)))}"
    yield "    scales:                      # params.yaml: `scale` chooses one"
    networks = _networks(like)
    for name, scale in like.scales.items():
        yield f"      {name}:"
        yield from (f"        {line}" for line in _scale(scale, wanted, networks))
    yield "    arms:                        # a row of the matrix each: sites it is trained on"
    for name, arm in _arms(wanted, networks):
        yield f"      {name}: {scalar(arm)}"
    yield "    averages_without: []         # sites that the second average confusion matrix omits"


def _findings(like: Study, modalities: Modalities) -> Iterator[str]:
    known = like.findings.labels if like.findings else {}
    yield "    findings:                    # a label each; uncertain: what an unsure one counts as"
    yield "      labels:"
    for name in modalities.findings:
        label = (
            _plain(known[name])
            if name in known
            else {"title": name.replace("_", " ").capitalize(), "uncertain": "negative"}
        )
        yield f"        {name}: {scalar(label)}"
    blank = like.findings.blank if like.findings else "negative"
    yield f"      blank: {blank}            # what a finding that is not mentioned counts as"
    yield f"      views: {scalar([*modalities.views])}"


def _split(like: Study, wanted: NewStudy) -> dict[str, Any]:
    """Return the split of the other study, without what it allows at sites that are not here."""
    split = _plain(like.split)
    allowed = split.pop("allow", {})
    kept = {site: kinds for site, kinds in allowed.items() if site in wanted.every_site}
    return split | ({"allow": kept} if kept else {})


def _scoring(like: Study, *, external: bool) -> dict[str, Any]:
    scoring = _plain(like.scoring)
    if external and scoring["threshold_from"] == "test_site":
        scoring["threshold_from"] = "training_sites"  # an external site has no validation part
    return scoring


def _networks(like: Study) -> list[str]:
    """Return the networks of a study, each once; `erm` can train every one."""
    return list(dict.fromkeys(arm.network for arm in like.arms.values()))


def _scale(scale: Scale, wanted: NewStudy, networks: Sequence[str]) -> Iterator[str]:
    yield f"input: {scale.input}"
    if scale.inputs:
        yield f"inputs: {scalar(dict(scale.inputs))}  # of a network that sees another"
    yield f"budget: {scale.budget}"
    sites = {site: site for site in wanted.every_site}
    yield f"sites: {scalar(sites)}  # name in this study: row of `sites`"
    yield f"seeds: {scalar([*scale.seeds])}"
    stand_ins = {name: stand_in for name, stand_in in scale.networks.items() if name in networks}
    if stand_ins:
        yield f"networks: {scalar(stand_ins)}  # stand in at this size"


def _arms(wanted: NewStudy, networks: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each site alone and all together, with every network."""
    combinations = {site: [site] for site in wanted.sites}
    if len(wanted.sites) > 1:
        combinations["all"] = [*wanted.sites]
    for network in networks:
        for name, sites in combinations.items():
            arm = name if len(networks) == 1 else f"{name}-{network}"
            yield arm, {"sites": sites, "method": "erm", "network": network}


def _plain(part: Any) -> dict[str, Any]:
    """Return a row as it would be written, without default values."""
    row: dict[str, Any] = part.model_dump(mode="json", exclude_defaults=True)
    return row
