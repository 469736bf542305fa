"""network: every kind is built from its row."""

import pytest
import torch

from elsewhere.design.kinds import KindError
from elsewhere.networks.network import build, logits


def test_an_unknown_kind_is_answered_with_the_known_ones(nguyen_row, small_volume):
    row = nguyen_row.model_copy(update={"kind": "resnet"})
    with pytest.raises(KindError, match="no 'resnet' in networks; choose from covidnet, "):
        build(row, small_volume)


def test_logits_are_computed_in_float32_under_autocast(covidnet_row, small_image):
    """In bfloat16 hundreds of scans share a hundred probabilities; their ranks are ties."""
    torch.manual_seed(0)
    row = covidnet_row.model_copy(update={"width": 0.0625, "dense_features": (16, 8)})
    network = build(row, small_image).eval()
    images = torch.randn(400, 3, 16, 16)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        embedded = network.embed(images, None)
        found = network(images, None)
        rounded = network.classifier(embedded)
    assert embedded.dtype == torch.bfloat16
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, logits(network.classifier, embedded))
    torch.testing.assert_close(found, network.classifier(embedded.float()))
    assert len(found[:, 0].unique()) > 10 * len(rounded[:, 0].unique())
