"""volume: a volume input gives the shape of its windows."""

from elsewhere.design.params import Params


def test_a_window_has_one_channel_and_the_slices_of_the_network(params: Params) -> None:
    """A-10, A-15."""
    row = params.inputs["nguyen-paper"]
    assert row.shape == (1, 128, 512, 512)
    assert not row.one_view
