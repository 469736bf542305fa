"""Published numbers of classes stand beside ours, or beside why there is none (C-29 to C-32)."""

from types import SimpleNamespace as Fake

import pytest

from elsewhere.figures import class_numbers, compared

CLASSES = ("healthy", "COVID-19")
MAIN, UNION = (Fake(name=name, synthetic=name == "union") for name in ("main", "union"))
POOLED = Fake(name="pooled", label="Pooled", sites=("main",))


def cell(value, reason=None):
    pooled = {
        "sensitivity": value, "sensitivity_low": 0.5, "sensitivity_high": 0.9, "status": "ok",
        "reason": reason,
    }  # fmt: skip
    return {"pooled": pooled, "runs": [{}], "status": "ok", "reason": reason}


def study(unseen):
    """One arm, trained on main; `unseen` is its cell at union."""
    results = Fake(
        columns=(MAIN, UNION),
        rows=(POOLED,),
        named=Fake(metrics=("auc", "sensitivity")),
        heading=lambda column: column.name.title(),
        cell=lambda row, column: {"union": unseen}.get(column.name, cell(0.6)),
    )
    return Fake(
        any=results,
        titles={name: name for name in CLASSES},
        results=dict.fromkeys(CLASSES, results),
        internal={name: {"pooled": cell(0.8)} for name in CLASSES},
    )


def number(**changes):
    values = {"requirement": "C-29", "arm": "pooled", "site": "internal", "finding": "COVID-19"}
    values |= {"metric": "sensitivity", "low": "", "value": "0.975", "high": "", "sd": ""}
    return values | {"source": "Results"} | changes


def row(changes, unseen=None):
    (found,) = class_numbers.compare(study(unseen or cell(0.7)), [number(**changes)])
    assert tuple(found) == compared.COLUMNS
    return found


@pytest.mark.parametrize(("site", "ours"), [("internal", "0.800"), ("union", "0.700")])
def test_the_number_of_the_cell_stands_beside_the_published(site, ours):
    found = row({"site": site})
    assert found["published"] == "0.975"
    assert found["ours"].startswith(f"{ours} (")
    assert found["synthetic"] == ("yes" if site == "union" else "no")


def test_a_number_that_is_undefined_here_says_why():
    found = row({"site": "union"}, cell(None, "no scan is of this class"))
    assert "no scan is of this class; Results" in found["comment"]


@pytest.mark.parametrize(
    ("changes", "comment"),
    [
        ({"arm": "federated-2"}, compared.NO_ARM),
        ({"site": "validation"}, f"{class_numbers.NO_CELL}; Results"),
        ({"finding": "COVID-19, II"}, f"{class_numbers.NO_CELL}; Results"),
        ({"metric": "specificity"}, compared.NO_METRIC),
    ],
)
def test_a_number_without_a_cell_here_says_so(changes, comment):
    found = row(changes)
    assert (found["ours"], found["comment"]) == ("", comment)
