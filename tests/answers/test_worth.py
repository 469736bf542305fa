"""What an arm is worth is what its cells say; what they leave undefined has their reason."""

from elsewhere.answers import worth


def test_numbers_are_those_of_the_cells(question):
    found = {one.site: one for one in worth.of_sites(question)}
    assert [*found] == [*question.rows]
    for row, one in found.items():
        pooled = question.cells[row]["pooled"]
        assert one.n_patients == pooled["n_patients"]
        assert one.n_positive_patients == pooled["n_positive_patients"]
        for name in ("auc", "sensitivity", "specificity"):
            number = getattr(one, name)
            ends = (pooled[name], pooled[f"{name}_low"], pooled[f"{name}_high"])
            assert (number.value, number.low, number.high) == ends
        assert one.trained_on == (row in question.trained_on)


def test_what_is_undefined_has_a_reason(question):
    """All scans of mosmed are positive."""
    one = next(one for one in worth.of_sites(question) if one.site == "mosmed-synthetic")
    assert one.auc.value is None
    assert "positive" in one.auc.reason
    assert one.specificity.reason == "no test scan is negative"
    assert one.sensitivity.value is not None


def test_a_number_without_an_interval_is_not_shown(question):
    row = question.rows[0]
    question.cells[row]["pooled"]["auc_low"] = None
    one = next(one for one in worth.of_sites(question) if one.site == row)
    assert (one.auc.value, one.auc.low, one.auc.high) == (None, None, None)


def test_a_site_without_a_cell_and_one_that_was_not_run_are_listed(question):
    first, second, third = question.rows
    del question.cells[first]
    question.cells[second]["pooled"] |= {"status": "not run", "reason": "no data here"}
    told = {one.site: one.reason for one in worth.of_sites(question)}
    assert told == {first: "not scored here", second: "no data here", third: ""}
