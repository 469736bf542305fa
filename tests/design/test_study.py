"""study: the studies hold what their papers say."""

from elsewhere.design import params as tables
from elsewhere.design.study import Review


def test_the_shares_of_the_papers(params: tables.Params) -> None:
    """A-18 to A-24: 72, 8 and 20 % of the patients; D-06: four folds."""
    nguyen, contrastive = params.studies["nguyen2021"].split, params.studies["contrastive"].split
    assert (nguyen.test, nguyen.validation) == (0.20, 0.08)
    assert (contrastive.kind, contrastive.folds) == ("folds", 4)


def test_a_review_shows_views_on_which_the_ratio_is_measured() -> None:
    """B-43; B-44 gives no band of borderline, so it is a setting."""
    row = Review(finding="cardiomegaly", arms=("one",), site="mimic", images=4, seed=0)
    assert row.views == ("PA",)
    assert 0.5 < row.enlarged_from < 0.6
