from __future__ import annotations

from elsewhere.design import kinds
from elsewhere.design.figure_rows import figure_row
from elsewhere.design.job import Job
from elsewhere.figures.captions import caption
from elsewhere.figures.results import Results


def test_every_picture_has_a_caption(drawn: Job, nguyen: Results) -> None:
    for path in drawn.outputs["figures"].glob("*.png"):
        texts = []
        for name in kinds.names("figures"):
            row = figure_row(name)
            if any(path.stem == key or path.stem.startswith(f"{key}_") for key in row.captions):
                texts.append(caption(row, path.stem, nguyen).text)
        assert len(texts) == 1, path.stem
        assert texts[0].endswith(".")
        assert "{" not in texts[0]


def test_captions_give_the_threshold_and_the_spread_of_their_study(
    nguyen: Results, contrastive: Results
) -> None:
    confusion, name = figure_row("confusion"), "confusion_single_site"
    assert "t that was chosen on validation" in caption(confusion, name, nguyen).text
    assert "t of the argmax, 0.5" in caption(confusion, name, contrastive).text
    text = caption(figure_row("arms_table"), "arms_table", contrastive).text
    assert "(argmax: threshold 0.5)" in text
    assert "undefined with one seed" in text
