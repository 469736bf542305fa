"""The description of a network."""

from elsewhere.networks.covidnet_redesign import RedesignedCovidNet
from elsewhere.networks.describe import count_parameters, describe, input_shape


def test_rows_hold_every_parameter_once(covidnet_row, small_image):
    row = covidnet_row.model_copy(update={"width": 0.0625})
    network = RedesignedCovidNet(row, small_image)
    rows = describe(network, small_image)
    assert sum(each.parameters for each in rows) == count_parameters(network)
    assert rows[0].name == "branches.stem.0"
    assert rows[0].shape == (4, 16, 16)
    assert rows[-1].shape == (2,)


def test_network_is_left_as_it_was(covidnet_row, small_image):
    network = RedesignedCovidNet(covidnet_row.model_copy(update={"width": 0.0625}), small_image)
    describe(network, small_image)
    assert network.training
    assert {p.device.type for p in network.parameters()} == {"cpu"}
    assert not any(module._forward_hooks for module in network.modules())


def test_input_shapes(paper_volume, paper_image):
    assert input_shape(paper_volume) == (1, 128, 512, 512)
    assert input_shape(paper_image) == (3, 224, 224)
