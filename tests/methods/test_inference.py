from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from elsewhere.cohorts.view import view
from elsewhere.design.budgets import Prediction
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.slices import SlicesInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.methods import inference, windows
from elsewhere.methods.inference import mc_probabilities, probabilities, probabilities_of
from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.network import Network

CPU = torch.device("cpu")
PREDICTION = Prediction(
    device="cpu", precision="fp32", mc_passes=1, mc_dropblock=False, batch_size=4, threads=1
)
VOLUME = VolumeInput(
    kind="volume",
    matrix=6,
    depth=4,
    stride=2,
    clip_min_hu=-1000,
    clip_max_hu=None,
    ct_number="keep",
    normalise="volume",
)
IMAGE = ImageInput(kind="image", matrix=6, stored_matrix=8, channels=1, normalise="image")

SLICES = SlicesInput.model_validate(
    {
        "kind": "slices",
        "matrix": 6,
        "depth": 4,
        "draws": 5,
        "average": "probabilities",
        "clip_min_hu": -1000,
        "clip_max_hu": 0,
        "mean_hu": -500,
        "sd_hu": 100,
        "train": [{"up_to": None, "interval": 1, "first": 0, "margin": 3}],
        "test": [{"up_to": None, "interval": 1, "first": 0, "margin": 3}],
        "seed": 0,
    }
)


def probabilities_many(network, arrays, *, options):
    return probabilities_of(network, map(options.passes.packed, arrays), options=options)


class Brightness(Network):
    """The mean intensity is the logit of class 1; `gain` shows which site was named."""

    classifier = nn.Identity()

    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.block = DropBlock3d(rate=0.3, size=2)
        self.batches: list[int] = []

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        self.batches.append(len(images))
        blocked = self.block(images) if images.ndim == 5 else images
        mean = self.drop(blocked).flatten(1).mean(1) * (10 if site == "seen" else 1)
        return torch.stack([torch.zeros_like(mean), mean], dim=1)


def options(row=VOLUME, *, site="seen", batch_size=4) -> inference.InferenceOptions:
    return inference.InferenceOptions(input=row, site=site, batch_size=batch_size, device=CPU)


def volumes(*slices: int) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.integers(0, 1000, (n, 6, 6)).astype(np.int16) for n in slices]


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


@pytest.mark.parametrize("slices", [1, 3, 4, 5, 9, 12])
def test_the_window_with_the_highest_probability_is_taken(slices):
    (array,) = volumes(slices)
    scores = sigmoid(
        10
        * np.stack([shown for _, shown in view(VOLUME).windows(array)])
        .mean((1, 2, 3, 4))
        .astype(float)
    )
    found, start = probabilities(Brightness(), array, options=options())
    assert found.sum() == pytest.approx(1)
    assert found[1] == pytest.approx(scores.max(), abs=1e-6)
    last = max(0, slices - 4)
    firsts = [*range(0, last, 2), last]
    assert start == firsts[int(scores.argmax())]


def test_of_equal_windows_the_lowest_is_taken():
    array = np.tile(volumes(2)[0], (5, 1, 1))
    assert probabilities(Brightness(), array, options=options())[1] == 0


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_batches_do_not_change_predictions(batch_size):
    arrays = volumes(3, 9, 4, 12, 1)
    found, starts = probabilities_many(
        Brightness(), iter(arrays), options=options(batch_size=batch_size)
    )
    for i, array in enumerate(arrays):
        alone, start = probabilities(Brightness(), array, options=options())
        np.testing.assert_allclose(found[i], alone, atol=1e-6)
        assert starts[i] == start


def test_a_site_not_named_reaches_the_network_as_none():
    (array,) = volumes(4)
    seen, unseen = (
        probabilities(Brightness(), array, options=options(site=site))[0] for site in ("seen", None)
    )
    logit = np.log(seen[1] / seen[0])
    assert logit == pytest.approx(10 * np.log(unseen[1] / unseen[0]), rel=1e-4)


def test_many_images_share_a_pass():
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (1, 8, 8)).astype(np.uint8) for _ in range(10)]
    network = Brightness()
    found, starts = probabilities_many(network, arrays, options=options(IMAGE))
    assert network.batches == [4, 4, 2]
    assert found.shape == (10, 2)
    assert not starts.any()


def test_no_scan_gives_no_row():
    found, starts = probabilities_many(Brightness(), [], options=options())
    assert found.shape == (0, 2)
    assert starts.shape == (0,)


def test_large_windows_go_through_a_cpu_one_by_one(monkeypatch):
    monkeypatch.setattr(windows, "CPU_VOXELS", 4 * 6 * 6 * 2)
    network = Brightness()
    probabilities(network, volumes(12)[0], options=options(batch_size=50))
    assert max(network.batches) == 2
    monkeypatch.setattr(windows, "CPU_VOXELS", 1)
    network = Brightness()
    probabilities(network, volumes(12)[0], options=options(batch_size=50))
    assert set(network.batches) == {1}


def test_evaluation_is_deterministic_and_gives_training_mode_back():
    network = Brightness().train()
    network.block.eval()
    (array,) = volumes(9)
    assert np.array_equal(
        probabilities(network, array, options=options())[0],
        probabilities(network, array, options=options())[0],
    )
    assert (network.training, network.drop.training, network.block.training) == (True, True, False)


def test_logits_that_are_not_finite_are_an_error():
    class Diverged(Brightness):
        def forward(self, images: Tensor, site: str | None) -> Tensor:
            return super().forward(images, site) * torch.nan

    with pytest.raises(FloatingPointError, match="diverged"):
        probabilities(Diverged(), volumes(4)[0], options=options())


def sampled(network, array, *, passes=40, dropblock=False, seed=0, batch_size=4):
    used = options(batch_size=batch_size)
    return mc_probabilities(
        network,
        used.passes.packed(array),
        prediction=PREDICTION.model_copy(update={"mc_passes": passes, "mc_dropblock": dropblock}),
        seed=seed,
        options=used,
    )


def test_passes_differ_from_one_another_and_repeat_with_their_seed():
    (array,) = volumes(9)
    first = sampled(Brightness(), array)
    assert first.shape == (40,)
    assert len(set(first)) == 40
    np.testing.assert_array_equal(first, sampled(Brightness(), array))
    assert not np.array_equal(first, sampled(Brightness(), array, seed=1))


def test_sampling_leaves_torchs_generator_and_the_modes_alone():
    network, (array,) = Brightness().train(), volumes(4)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    sampled(network, array)
    assert torch.equal(torch.rand(3), expected)
    assert network.training


def test_dropblock_is_active_only_if_asked():
    network, (array,) = Brightness(), volumes(4)
    network.drop.p = 0.0
    plain = probabilities(network, array, options=options())[0][1]
    np.testing.assert_allclose(sampled(network, array, dropblock=False), plain, atol=1e-6)
    assert sampled(network, array, dropblock=True).std() > 0


def test_the_spread_of_passes_has_its_closed_form():
    # One window, dropout of rate p on n values v: the mean of v x Bernoulli(1 - p) / (1 - p)
    # has variance sum(v^2) p / (1 - p) / n^2.
    network, (array,) = Brightness(), volumes(4)
    values = np.stack([shown for _, shown in view(VOLUME).windows(array)]).astype(float).ravel()
    found = sampled(network, array, passes=2000)
    logits = np.log(found / (1 - found)) / 10
    sd = np.sqrt((values**2).sum()) / values.size
    assert logits.mean() == pytest.approx(values.mean(), abs=5 * sd / 2000**0.5)
    assert logits.std() == pytest.approx(sd, rel=0.1)


def test_each_pass_takes_its_own_best_window():
    (array,) = volumes(12)
    windows = len(np.stack([shown for _, shown in view(VOLUME).windows(array)]))
    every = []

    class Recording(Brightness):
        def forward(self, images: Tensor, site: str | None) -> Tensor:
            logits = super().forward(images, site)
            every.append(logits.double().softmax(1)[:, 1].numpy())
            return logits

    found = sampled(Recording(), array, passes=6, batch_size=7)
    table = np.concatenate(every).reshape(windows, 6)
    np.testing.assert_array_equal(found, table.max(0))


def test_no_pass_at_all_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        sampled(Brightness(), volumes(4)[0], passes=0)


def of_logits(row):
    return row.model_copy(update={"average": "logits"})


@pytest.mark.parametrize("slices", [2, 4, 12, 40])
def test_probabilities_are_averaged_over_the_draws_or_logits_are_c09(slices):
    (array,) = volumes(slices)
    draws = [*view(SLICES).windows(array)]
    logits = 10 * np.stack([shown for _, shown in draws]).mean((1, 2, 3, 4)).astype(float)
    averaged, first = probabilities(Brightness(), array, options=options(SLICES))
    assert averaged[1] == pytest.approx(sigmoid(logits).mean(), abs=1e-6)
    assert averaged.sum() == pytest.approx(1)
    assert first == draws[0][0]
    of_mean, _ = probabilities(Brightness(), array, options=options(of_logits(SLICES)))
    assert of_mean[1] == pytest.approx(sigmoid(logits.mean()), abs=1e-6)


class FourMeans(Network):
    """The means of four slices are the logits of four classes."""

    classifier = nn.Identity()

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        return images.mean((1, 3, 4))


@pytest.mark.parametrize("row", [SLICES, of_logits(SLICES)])
def test_each_of_several_classes_is_averaged(row):
    arrays = volumes(9, 3, 30)
    several = inference.InferenceOptions(
        input=row, site=None, batch_size=4, device=CPU, classes=("a", "b", "c", "d")
    )
    found, _ = probabilities_many(FourMeans(), arrays, options=several)
    assert found.shape == (3, 4)
    for probability, array in zip(found, arrays, strict=True):
        shown = np.stack([window for _, window in view(SLICES).windows(array)]).astype(float)
        logits = shown.mean((1, 3, 4))
        if row.average == "logits":
            logits = logits.mean(0, keepdims=True)
        each = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        np.testing.assert_allclose(probability, each.mean(0), atol=1e-6)


@pytest.mark.parametrize("row", [SLICES, of_logits(SLICES)])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_draws_of_a_scan_do_not_depend_on_the_other_scans(row, batch_size):
    arrays = volumes(9, 3, 30)
    together, _ = probabilities_many(
        Brightness(), arrays, options=options(row, batch_size=batch_size)
    )
    alone = [probabilities(Brightness(), array, options=options(row))[0] for array in arrays]
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("row", [SLICES, of_logits(SLICES)])
def test_monte_carlo_passes_without_dropout_are_the_prediction(row):
    network = Brightness()
    network.drop.p = 0.0
    (array,) = volumes(30)
    prediction = PREDICTION.model_copy(update={"mc_passes": 3})
    passes = mc_probabilities(
        network,
        options(row).passes.packed(array),
        prediction=prediction,
        seed=0,
        options=options(row),
    )
    expected = probabilities(network, array, options=options(row))[0][1]
    np.testing.assert_allclose(passes, [expected] * 3, atol=1e-6)
