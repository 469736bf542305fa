"""auc: the area under the ROC curve, with DeLong's interval, and Newcombe's of few patients."""

from __future__ import annotations

from elsewhere.scores import discrimination
from elsewhere.scores.delong import delong, standard_error
from elsewhere.scores.metric import Measured, Metric, Sample


class Auc(Metric):
    """Area under the ROC curve (A-51, A-56)."""

    def measure(self, sample: Sample) -> Measured:
        """Compute area, interval and curve; one class alone has none."""
        if sample.one_class:
            return Measured(None, sample.one_class)
        judged = sample.judged
        exact = delong(judged.labels, scores=judged.scores[None], patients=judged.patients)
        roc = discrimination.grid_roc(judged.labels, scores=judged.scores)
        return Measured(
            float(exact.auc[0]),
            intervals={"": sample.of_area(exact)},
            more={
                "auc_se": standard_error(exact),
                "roc": {name: values.tolist() for name, values in roc._asdict().items()},
            },
        )
