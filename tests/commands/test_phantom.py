"""phantom: synthetic sites are written when they are needed, once."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from elsewhere.commands.phantom import missing, needed, write_apart, write_missing
from elsewhere.design import params as tables

SITE = "covid-ct-synthetic"


@pytest.fixture
def values(checkout: Path) -> dict[str, Any]:
    """The project's tables with two patients in each category of one site."""
    del checkout
    found = tables.read()
    for category in found["phantoms"][SITE]["categories"].values():
        category["patients"] = 2
    return found


def keep(values: dict[str, Any]) -> None:
    """Write changed settings where another process reads them, all into one file."""
    shutil.rmtree("config")
    Path("params.yaml").write_text(yaml.safe_dump(dict(values), sort_keys=False), encoding="utf-8")


def write(values: dict[str, Any], *sites: str) -> None:
    write_missing(tables.parse(values), values, list(sites))


def test_a_run_needs_its_synthetic_sites(values: dict[str, Any]) -> None:
    every = [*values["run"], "ucadi"]
    both = needed(tables.parse({**values, "run": every}))
    assert sorted(both) == sorted(values["phantoms"].keys())
    one = tables.parse({**values, "run": ["contrastive"]})
    assert needed(one) == ["sars-cov-2-ct-synthetic", SITE]
    assert needed(tables.parse(values), study="contrastive") == needed(one)
    assert needed(tables.parse({**values, "scale": "paper"})) == []
    with pytest.raises(tables.ParamsError, match="no study 'x' in run; there are nguyen2021, con"):
        needed(tables.parse(values), study="x")


def test_a_site_is_written_once_and_again_when_its_settings_change(values: dict[str, Any]) -> None:
    write(values, SITE)
    raw = Path("data/raw") / SITE
    first = {path: path.stat().st_mtime_ns for path in raw.rglob("*") if path.is_file()}
    assert len(first) > 2
    write(values, SITE)
    assert {path: path.stat().st_mtime_ns for path in first} == first
    other = copy.deepcopy(values)
    other["phantoms"][SITE]["seed"] += 1
    write(other, SITE)
    assert any(path.exists() and path.stat().st_mtime_ns != first[path] for path in first)


def test_only_what_is_not_there_is_missing(values: dict[str, Any]) -> None:
    both = [SITE, "mosmed-synthetic"]
    assert missing(tables.parse(values), values, both) == both
    write(values, SITE)
    assert missing(tables.parse(values), values, both) == ["mosmed-synthetic"]


def test_an_unknown_site_is_named_before_any_is_written(values: dict[str, Any]) -> None:
    with pytest.raises(tables.ParamsError, match="phantoms: no row 'utsw'; there are cc-ccii-syn"):
        write(values, SITE, "utsw")
    assert not Path("data/raw").exists()


def test_sites_written_side_by_side_are_those_written_alone(values: dict[str, Any]) -> None:
    other = "sars-cov-2-ct-synthetic"
    for category in values["phantoms"][other]["categories"].values():
        category["patients"] = 2
    keep(values)
    write_apart([SITE, other])
    raw = Path("data/raw")
    apart = {path: path.read_bytes() for path in raw.rglob("*") if path.is_file()}
    assert len(apart) > 8
    for site in (SITE, other):
        (Path(".elsewhere/phantoms") / site).unlink()
    write(values, SITE, other)
    assert {path: path.read_bytes() for path in raw.rglob("*") if path.is_file()} == apart


def test_a_site_that_cannot_be_written_is_named_after_the_others_are(
    values: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    keep(values)
    with pytest.raises(RuntimeError, match="not written: utsw; see the messages above"):
        write_apart([SITE, "utsw"])
    assert "phantoms: no row 'utsw'" in capfd.readouterr().err
    assert (Path("data/raw") / SITE).is_dir()


def test_a_site_whose_masks_are_gone_is_written_again(values: dict[str, Any]) -> None:
    """C-35: they lie beside the site, and have their own hash."""
    name = "wuhan-union-synthetic"
    for category in values["phantoms"][name]["categories"].values():
        category["patients"] = 1
    write(values, name)
    masks = Path(f"data/raw/{name}-masks")
    assert {path.suffix for path in masks.iterdir()} == {".gz", ".txt"}
    assert missing(tables.parse(values), values, [name]) == []
    shutil.rmtree(masks)
    assert missing(tables.parse(values), values, [name]) == [name]
