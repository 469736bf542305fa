"""tables: what a study uses at the present scale, and which tables may be left out."""

from elsewhere.design.params import Params
from elsewhere.design.tables import Params as Tables


def test_a_scale_chooses_inputs_and_networks(params: Params) -> None:
    assert params.network_of("chestxray", "both-inception-resnet-v2") == "inception-demo"
    assert params.input_of("chestxray", "both-inception-resnet-v2") == "chestxray-demo"
    paper = params.model_copy(update={"scale": "paper"})
    assert paper.network_of("chestxray", "both-inception-resnet-v2") == "inception-resnet-v2"
    assert paper.input_of("chestxray", "both-inception-resnet-v2") == "chestxray-paper-299"
    assert paper.input_of("chestxray", "both-densenet121") == "chestxray-paper-224"
    assert paper.scale_of("chestxray").budget == "chestxray-paper"


def test_only_scale_and_run_have_no_default() -> None:
    required = {name for name, field in Tables.model_fields.items() if field.is_required()}
    assert required == {"scale", "run"}
