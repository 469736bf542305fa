"""explanation: embeddings and examples against direct calls of the network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from elsewhere.cohorts.cohort import ArrayCache, Cohort
from elsewhere.cohorts.view import view
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import resample
from elsewhere.methods import explanation, gradcam
from elsewhere.methods.inference import InferenceOptions
from elsewhere.networks.network import Network

CPU = torch.device("cpu")
WIDE = ImageInput(
    kind="image", matrix=8, stored_matrix=10, channels=3, normalise="image", proportions="kept"
)
IMAGE = ImageInput(kind="image", matrix=8, stored_matrix=10, channels=3, normalise="image")
VOLUME = VolumeInput(
    kind="volume", matrix=6, depth=8, stride=4, clip_min_hu=-1000, clip_max_hu=None,
    ct_number="keep", normalise="volume",
)  # fmt: skip


class Bright(Network):
    """Maps are the image itself and its negative; `there` sees everything twice as bright."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.maps = nn.Identity()
        self.drop = nn.Dropout(0.5)
        self.features = 2 * channels
        self.classifier = nn.Linear(2 * channels, 2)
        with torch.no_grad():
            self.classifier.weight.copy_(torch.stack([-torch.ones(2 * channels)] * 2))
            self.classifier.weight[1, :channels] = 1.0
            self.classifier.bias.copy_(torch.tensor([0.0, 5.0]))

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        images = images * (2 if site == "there" else 1)
        maps: Tensor = self.maps(torch.cat([images, -images], dim=1))
        return self.drop(maps.flatten(2).mean(2))


def cohort(*arrays: np.ndarray) -> Cohort:
    ids = tuple(f"{i:016x}" for i in range(len(arrays)))
    labels = np.zeros(len(arrays), np.int64)
    return Cohort("here", ids, ids, labels, Path("nowhere"), cache=ArrayCache(arrays))


def options(row, site="here", batch_size=4) -> InferenceOptions:
    return InferenceOptions(input=row, site=site, batch_size=batch_size, device=CPU)


@pytest.fixture
def pictures():
    rng = np.random.default_rng(2)
    return cohort(*(rng.integers(0, 256, (1, 10, 10)).astype(np.uint8) for _ in range(7)))


@pytest.fixture
def volumes():
    """3, 8 and 20 slices; the brightest is the second last."""
    rng = np.random.default_rng(3)
    made = []
    for slices in (3, 8, 20):
        volume = rng.integers(0, 50, (slices, 6, 6)).astype(np.int16)
        volume[-2, 2:4, 2:4] = 1000
        made.append(volume)
    return cohort(*made)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("site", ["here", "there", None])
def test_embeddings_are_those_of_the_network_in_evaluation_mode(pictures, batch_size, site):
    network = Bright(3).train()
    found = explanation.embedded(
        network, pictures, firsts=[0] * 7, options=options(IMAGE, site, batch_size)
    )
    assert found.dtype == np.float32
    for number, row in enumerate(found):
        images = torch.from_numpy(
            np.stack([shown for _, shown in view(IMAGE).windows(pictures.array(number))])
        )
        np.testing.assert_allclose(row, network.eval().embed(images, site)[0], atol=1e-6)


def test_a_volume_is_seen_through_the_window_that_it_is_judged_by(volumes):
    network, firsts = Bright(), [0, 0, 12]
    found = explanation.embedded(network, volumes, firsts=firsts, options=options(VOLUME))
    for number, window in enumerate((0, 0, 3)):  # windows start at 0, 4, 8 and 12
        windows = torch.from_numpy(
            np.stack([shown for _, shown in view(VOLUME).windows(volumes.array(number))])
        )
        expected = network.eval().embed(windows[window : window + 1], None)[0].numpy()
        np.testing.assert_allclose(found[number], expected, atol=1e-6)


def test_no_scan_has_no_embedding():
    network = Bright()
    assert explanation.embedded(network, cohort(), firsts=[], options=options(VOLUME)).shape == (
        0,
        2,
    )
    assert explanation.examples(
        network, cohort(), chosen=[], firsts=[], options=options(VOLUME)
    ) == (
        None,
        [],
    )


def test_an_example_is_the_scan_and_its_map(pictures):
    network = Bright(3)
    layer, found = explanation.examples(
        network, pictures, chosen=[5, 1], firsts=[0] * 7, options=options(IMAGE)
    )
    assert layer == "maps"
    assert len(found) == 2
    for example, number in zip(found, (5, 1), strict=True):
        images = torch.from_numpy(
            np.stack([shown for _, shown in view(IMAGE).windows(pictures.array(number))])
        )
        maps = gradcam.maps(network, images, site="here", layer=layer)[0].numpy()
        np.testing.assert_allclose(example.heat / 255, maps, atol=0.5 / 255 + 1e-6)
        assert example.heat.max() == 255
        grey = images[0, 0].numpy()
        assert np.corrcoef(example.image.ravel(), grey.ravel())[0, 1] > 0.99
        assert (example.image.min(), example.image.max()) == (0, 255)
        assert example.slice == 0


def test_of_a_volume_the_slice_with_most_of_the_map_is_shown(volumes):
    """The map follows the brightness: it is the bright slice, whatever window and padding."""
    firsts = [0, 0, 12]
    _, found = explanation.examples(
        Bright(), volumes, chosen=[0, 1, 2], firsts=firsts, options=options(VOLUME)
    )
    assert [one.slice for one in found] == [1, 6, 18]
    for one in found:
        assert one.heat.shape == one.image.shape == (6, 6)
        assert one.heat[2:4, 2:4].min() > one.heat[0].max()
        assert one.image[2:4, 2:4].min() == 255


def test_where_nothing_speaks_for_the_answer_it_is_shown_what_speaks_against_it(volumes):
    network = Bright()
    arguments = {"chosen": [0, 2], "firsts": [0, 0, 12], "options": options(VOLUME)}
    _, usual = explanation.examples(network, volumes, **arguments)
    with torch.no_grad():
        network.classifier.bias.copy_(torch.tensor([100.0, 0.0]))  # now the answer is the other
    _, found = explanation.examples(network, volumes, **arguments)
    assert [one.against for one in usual] == [False, False]
    assert [one.against for one in found] == [True, True]
    for one, other in zip(usual, found, strict=True):
        np.testing.assert_array_equal(one.heat, other.heat)


def test_without_a_map_the_middle_slice_is_shown(volumes):
    network = Bright()
    with torch.no_grad():
        network.classifier.weight.zero_()
    _, found = explanation.examples(
        network, volumes, chosen=[1], firsts=[0, 0, 0], options=options(VOLUME)
    )
    assert found[0].slice == 4
    assert found[0].against
    assert not found[0].heat.any()


def test_a_constant_scan_is_black():
    scans = cohort(np.full((1, 10, 10), 7, np.uint8))
    _, found = explanation.examples(
        Bright(3), scans, chosen=[0], firsts=[0], options=options(IMAGE)
    )
    assert not found[0].image.any()


@pytest.mark.parametrize(("number", "first"), [(0, 0), (1, 0), (2, 12)])
def test_a_whole_map_is_that_of_the_window_and_zero_elsewhere(volumes, number, first):
    """Three slices stand in the middle of eight; of twenty the last eight were seen."""
    array, network = volumes.array(number), Bright()
    found = explanation.whole_map(network, array, first=first, options=options(VOLUME))
    window = view(VOLUME).window(array, first=first)[None]
    map_of_window = gradcam.maps(network.eval(), window, site="here", layer="maps")[0].numpy()
    seen = {0: slice(2, 5), 1: slice(0, 8), 2: slice(0, 8)}[number]
    expected = np.zeros(array.shape)
    expected[first : first + 8] = map_of_window[seen]
    assert (found.layer, found.against) == ("maps", False)
    assert found.heat.dtype == np.uint8
    np.testing.assert_allclose(found.heat / 255, expected, atol=0.5 / 255 + 1e-6)
    assert found.heat.max() == 255


def test_the_slice_of_an_example_is_cut_from_the_whole_map(volumes):
    firsts = [0, 0, 12]
    _, examples = explanation.examples(
        Bright(), volumes, chosen=[0, 1, 2], firsts=firsts, options=options(VOLUME)
    )
    for number, (first, one) in enumerate(zip(firsts, examples, strict=True)):
        array = volumes.array(number)
        whole = explanation.whole_map(Bright(), array, first=first, options=options(VOLUME))
        np.testing.assert_array_equal(whole.heat[one.slice], one.heat)


def test_a_whole_map_of_an_image_has_the_size_that_is_stored():
    """The network sees 8 x 8; what it saw is stretched to the stored 10 x 14."""
    array = np.random.default_rng(5).integers(0, 256, (1, 10, 14)).astype(np.uint8)
    found = explanation.whole_map(Bright(3), array, first=0, options=options(WIDE))
    image = view(WIDE).window(array, first=0)[None]
    seen = gradcam.maps(Bright(3).eval(), image, site="here", layer="maps").numpy()
    expected = resample.in_plane(seen, rows=10, columns=14)
    np.testing.assert_allclose(found.heat / 255, expected, atol=0.5 / 255 + 1e-6)


@pytest.fixture
def dark():
    """A network of which every map speaks against the second output, for the first."""
    network = Bright(3)
    with torch.no_grad():
        network.classifier.weight.fill_(-1.0)
        network.classifier.weight[0, :3] = 1.0
    return network


def test_each_finding_has_a_map_of_its_own(pictures, dark):
    """The evidence for one finding is not weighed against that for the other."""
    array = pictures.array(0)
    both = replace(options(IMAGE), findings=("one", "other"))
    maps = {
        name: explanation.whole_map(dark, array, first=0, options=both, finding=name)
        for name in both.findings
    }
    image = view(IMAGE).window(array, first=0)[None]
    with torch.no_grad():
        channels = torch.cat([image, -image], dim=1)[0]
    for name, weights in zip(both.findings, dark.classifier.weight.detach(), strict=True):
        evidence = torch.einsum("k,kyx->yx", weights, channels).clamp(min=0)
        expected = (evidence / (evidence.max() or 1)).numpy()[None]
        sized = resample.in_plane(expected, rows=10, columns=10)
        found = maps[name]
        assert found.against == (not evidence.any())
        if not found.against:
            np.testing.assert_allclose(found.heat / 255, sized, atol=0.5 / 255 + 1e-5)


def test_what_is_explained_must_be_an_output(pictures):
    array = pictures.array(0)
    both = replace(options(IMAGE), findings=("one", "other"))
    for given, finding in ((both, None), (both, "third"), (options(IMAGE), "one")):
        with pytest.raises(ValueError, match="expected one of"):
            explanation.whole_map(Bright(3), array, first=0, options=given, finding=finding)


def test_of_several_classes_any_can_be_explained(pictures):
    """Without a name it is the predicted one."""
    network = Bright(3)
    network.classifier = nn.Linear(6, 3, bias=False)
    with torch.no_grad():
        for number in range(3):
            network.classifier.weight[number] = torch.eye(6)[number] * 2
    three = replace(options(IMAGE), classes=("a", "b", "c"))
    array = pictures.array(0)
    maps = {
        name: explanation.whole_map(network, array, first=0, options=three, finding=name).heat
        for name in (None, *three.classes)
    }
    image = view(IMAGE).window(array, first=0)[None]
    called = three.classes[int(network.eval()(image, "here").argmax())]
    np.testing.assert_array_equal(maps[None], maps[called])
