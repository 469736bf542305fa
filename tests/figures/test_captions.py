from __future__ import annotations

from elsewhere.design.job import Job
from elsewhere.figures.captions import caption
from elsewhere.figures.results import Results


def test_every_figure_has_a_caption(drawn: Job, nguyen: Results) -> None:
    for path in drawn.outputs["figures"].glob("*.png"):
        text = caption(path.stem, nguyen).text
        assert text.endswith(".")
        assert "{" not in text


def test_captions_tell_the_threshold_and_the_spread_of_their_study(
    nguyen: Results, contrastive: Results
) -> None:
    assert "t that was chosen on validation" in caption("confusion_single_site", nguyen).text
    assert "t of the argmax, 0.5" in caption("confusion_single_site", contrastive).text
    text = caption("arms_table", contrastive).text
    assert "(argmax: threshold 0.5)" in text
    assert "undefined with one seed" in text
