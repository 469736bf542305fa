"""shown: which figures a study has: those that it names, as far as they can be drawn for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from elsewhere.design import kinds, mask_stages
from elsewhere.design.claim_rows import claim_kinds
from elsewhere.design.figure_rows import STANDARD, Facts, figure_row
from elsewhere.design.named import USUAL, expanded
from elsewhere.design.problem import Problem
from elsewhere.design.site import layout_options

if TYPE_CHECKING:
    from elsewhere.design.tables import Params

SETTINGS = ("published", "comparisons", "roc_panels", "explain", "subgroups")


def figures(params: Params, study: str) -> tuple[str, ...]:
    """Return the figures of a study at the present scale, in the order of its report."""
    given = facts(params, study)
    listed = expanded(params.studies[study].figures, shelf="figures", standard=STANDARD)
    rows = {name: figure_row(name) for name in listed}
    drawn = [name for name, row in rows.items() if row.obstacle(given) is None]
    return tuple(sorted(drawn, key=lambda name: (rows[name].order, name)))


def claims(params: Params, study: str) -> tuple[str, ...]:
    """Return the kinds of claims that are checked for a study."""
    return (
        claim_kinds(params.studies[study].published) if "claims" in figures(params, study) else ()
    )


def problems(params: Params, study: str) -> Iterator[Problem]:
    """Yield what is wrong with the figures that a study names, and with its paper's claims."""
    given = facts(params, study)
    if not figures(params, study):
        yield Problem(f"studies.{study}.figures", "none of them can be drawn of its sites' scans")
    for name in params.studies[study].figures:
        reason = None if name == USUAL else figure_row(name).obstacle(given)
        if reason is not None:
            yield Problem(f"studies.{study}.figures", f"'{name}' cannot be drawn: {reason}")
    known = kinds.names("claims")
    for kind in given.claims:
        if kind not in known:
            sentence = f"no kind '{kind}' of claims; there are {', '.join(known)}"
            yield Problem(f"studies.{study}.published", sentence)


def facts(params: Params, study: str) -> Facts:
    """Return what decides which figures a study can have at the present scale."""
    row, scale = params.studies[study], params.scale_of(study)
    return Facts(
        findings=row.findings is not None,
        repeated=params.split_of(study).folds * len(scale.seeds) > 1,
        modalities=frozenset(
            layout_options(params.sites[site]).modality for site in scale.sites.values()
        ),
        settings=frozenset(name for name in SETTINGS if getattr(row, name)),
        metrics=row.scoring.metrics,
        claims=claim_kinds(row.published),
        classes=bool(row.exclusive),
        readers=any(
            layout_options(params.sites[site]).has_readers for site in scale.sites.values()
        ),
        masks=bool(mask_stages.masked(params, study)),
        federated=any(params.methods[params.method_of(study, arm)].in_rounds for arm in row.arms),
    )
