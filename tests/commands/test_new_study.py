import shutil

import pytest

from elsewhere.commands.new_site import NewSite
from elsewhere.commands.new_site import write as write_site
from elsewhere.commands.new_study import NewStudy, write
from elsewhere.design import graph
from elsewhere.design import params as tables
from elsewhere.design.params import ParamsError


@pytest.fixture
def sites(project, published):
    """Two sites of volumes and two of images, as `new site` writes them."""
    for layout, names in (("volumes", "ab"), ("images", "cd")):
        root = published(layout)
        for name in names:
            copy = root.with_name(f"{layout}-{name}")
            shutil.copytree(root, copy)
            write_site(NewSite(name, copy))
    return project


def test_each_site_alone_and_all_together(sites):
    before = (sites / "params.yaml").read_text()
    write(NewStudy("own", "nguyen2021", ["a", "b"], classes=("healthy", "sick")))
    params = tables.load()
    study, like = params.studies["own"], params.studies["nguyen2021"]
    assert {name: (arm.sites, arm.method, arm.network) for name, arm in study.arms.items()} == {
        "a": (("a",), "erm", "nguyen-cnn"),
        "b": (("b",), "erm", "nguyen-cnn"),
        "all": (("a", "b"), "erm", "nguyen-cnn"),
    }
    assert study.classes == ("healthy", "sick")
    assert like.split.allow == {"mosmed": ["one_class"]}, "a site that is not here"
    split = like.split.model_copy(update={"allow": {}})
    assert (study.split, study.scoring, study.audit) == (split, like.scoring, like.audit)
    assert set(study.scales) == set(like.scales)
    for name, scale in study.scales.items():
        assert scale.sites == {"a": "a", "b": "b"}
        for field in ("input", "budget", "seeds", "networks", "inputs"):
            assert getattr(scale, field) == getattr(like.scales[name], field)
    assert params.run == ("nguyen2021", "own")
    # beside the list of studies the user's file is as it was
    after = (sites / "params.yaml").read_text()
    assert after.replace("[nguyen2021, own]", "[nguyen2021]").split() == before.split()


def test_the_study_is_a_graph_that_can_run(sites):
    write(NewStudy("own", "nguyen2021", ["a"], external=["b"]))
    params = tables.load()
    assert params.studies["own"].external == ("b",)
    stages = graph.stages(params.model_copy(update={"run": ("own",)}))
    trained = [stage for stage in stages.values() if stage.step == "train"]
    assert [stage.wildcards["arm"] for stage in trained] == ["a"]
    scored = {stage.wildcards["site"] for stage in stages.values() if stage.step == "score"}
    assert scored == {"a", "b", "combined"}


def test_every_network_of_the_other_study_has_its_arms(sites):
    write(NewStudy("own", "contrastive", ["c", "d"]))
    arms = tables.load().studies["own"].arms
    assert set(arms) == {f"{name}-{network}" for name in ("c", "d", "all") for network in NETWORKS}


NETWORKS = ("covidnet", "covidnet-redesign")


def test_one_label_may_be_learnt_with_the_networks_of_findings(sites):
    write(NewStudy("own", "chestxray", ["c"], external=["d"]))
    study = tables.load().studies["own"]
    assert study.findings is None
    assert study.scoring.threshold_from != "test_site"


def test_findings_are_those_of_the_sites(project, published):
    root = published("images")
    lines = (root / "label.csv").read_text().replace("label", "edema").splitlines()
    lines = [f"{line},{'my_own' if n == 0 else 0}" for n, line in enumerate(lines)]
    (root / "label.csv").write_text("\n".join(lines))
    options = ["findings=[edema, my_own]", "shows=radiograph"]
    write_site(NewSite("films", root, options=options))
    write(NewStudy("own", "chestxray", ["films"]))
    params = tables.load()
    findings = params.studies["own"].findings
    known = params.studies["chestxray"].findings
    assert list(findings.labels) == ["edema", "my_own"]
    assert findings.labels["edema"] == known.labels["edema"]
    assert (findings.labels["my_own"].title, findings.views) == ("My own", known.views)


def unchanged(project, wanted, message):
    before = (project / "params.yaml").read_bytes()
    with pytest.raises(ParamsError, match=message):
        write(wanted)
    assert (project / "params.yaml").read_bytes() == before
    assert wanted.name == "kept" or not (project / f"config/studies/{wanted.name}.yaml").exists()


def test_a_study_that_does_not_fit_is_answered_with_those_that_do(sites):
    unchanged(
        sites,
        NewStudy("own", "contrastive", ["a"]),
        "the sites give volumes with one label; use --like nguyen2021",
    )
    unchanged(
        sites,
        NewStudy("own", "nguyen2021", ["c"]),
        "the sites give slices with one label; use --like chestxray or contrastive",
    )
    unchanged(sites, NewStudy("own", "nguyen2021", ["a", "c"]), "volumes and images at once")


def test_what_is_unknown_is_answered_with_what_is_there(sites):
    unchanged(sites, NewStudy("own", "other", ["a"]), "--like other: there are chestxray, contr")
    unchanged(sites, NewStudy("own", "nguyen2021", ["x"]), "no site x; there are a, b, c")
    unchanged(sites, NewStudy("own", "nguyen2021", ["a"], external=["a"]), "a: named twice")


def test_nothing_that_exists_is_overwritten(sites):
    shipped = (sites / "config/studies/chestxray.yaml").read_bytes()
    with pytest.raises(ParamsError, match=r"is in config/studies/chestxray\.yaml already"):
        write(NewStudy("chestxray", "nguyen2021", ["a"]))
    assert (sites / "config/studies/chestxray.yaml").read_bytes() == shipped
    kept = sites / "config/studies/kept.yaml"
    kept.write_text("# mine\n{}\n")
    unchanged(sites, NewStudy("kept", "nguyen2021", ["a"]), "kept.yaml is there already")
    assert kept.read_text() == "# mine\n{}\n"
