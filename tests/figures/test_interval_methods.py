from __future__ import annotations

from elsewhere.figures.interval_methods import mark, note, short


def cell(method):
    return {"pooled": {"intervals": {"auc": method}}}


DELONG = cell("DeLong, clustered by patient, logit scale")
FOLDS = cell("mean of 4 of 4 single models; DeLong, clustered by image, logit scale")
LOST = cell("mean of 3 of 4 single models; Wilson on 7 disjoint patient pairs: no variance")


def test_the_method_of_a_panel_is_its_own():
    assert short(DELONG) == "DeLong"
    assert short(FOLDS) == "mean of 4 models, DeLong"
    assert short(LOST) == "mean of 3 of 4 models, Wilson on 7 disjoint patient pairs"
    assert short({"pooled": None}) == short({"pooled": {"intervals": {}}}) == ""


def test_where_two_methods_were_computed_both_are_named():
    both = "DeLong, clustered by patient, logit scale, or Newcombe 5, 7 and 8 patients"
    given = cell(f"{both}: the farther limits")
    assert short(given) == "DeLong or Newcombe 5"
    assert mark(given) == " †"
    expected = "DeLong; †: DeLong or Newcombe 5, of two methods the farther limits"
    assert note([given, DELONG]) == expected
    assert short(cell("Newcombe 5, 4 and 5 patients: no variance")) == "Newcombe 5"


def test_what_is_not_delong_is_marked_and_named():
    assert [mark(one) for one in (DELONG, FOLDS, LOST, {})] == ["", "", " †", ""]
    assert note([DELONG, LOST, {}]) == "DeLong; †: Wilson on 7 disjoint patient pairs"
    assert note([FOLDS]) == "DeLong"
    assert note([LOST]) == "†: Wilson on 7 disjoint patient pairs"
