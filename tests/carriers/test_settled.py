"""The settings at home decide what is trained; digests say whether they are everyone's."""

import pytest
from hospitals import SITES, tables, write_project

from elsewhere.carriers.endpoint import Endpoint
from elsewhere.carriers.settled import proposed, settled
from elsewhere.design.params import ParamsError
from elsewhere.federation.wire import RefusedError

SERVER = Endpoint("127.0.0.1", 9092, "PEM")


@pytest.fixture
def project(tmp_path):
    def make(name="p", change=lambda values: None, **method):
        values = tables(**method)
        change(values)
        write_project(tmp_path / name, values)
        return tmp_path / name

    return make


def agreed(top, arm="together"):
    return proposed(top, "three", arm, server=SERVER)


def test_the_agreement_is_what_the_settings_say(project):
    agreement = agreed(project(rounds=5, absent={"west": [2]}))
    assert agreement.sites == SITES
    assert (agreement.run, agreement.rounds, agreement.absent) == ("0-7", 5, {"west": (2,)})
    assert (agreement.host, agreement.port, agreement.authority) == ("127.0.0.1", 9092, "PEM")


def budget(part, **values):
    return lambda tables: tables["budgets"]["tiny"][part].update(values)


@pytest.mark.parametrize(
    ("change", "differing"),
    [(budget("training", threads=3), []), (budget("training", checkpoint_minutes=0), []),
     (budget("prediction", threads=2), []),
     (lambda t: t["sites"]["north"].update(title="Another title"), []),
     (budget("training", learning_rate=0.5), ["training"]),
     (budget("prediction", mc_passes=2), ["prediction"]),
     (lambda t: t["inputs"]["tiny"].update(stride=8), ["input"]),
     (lambda t: t["networks"]["tiny"].update(dense_features=16), ["network"]),
     (lambda t: t["methods"]["fedavg"].update(mu=0.1), ["method"]),
     (lambda t: t["studies"]["three"].update(classes=["no", "yes"]), ["labels"]),
     (lambda t: t["studies"]["three"]["split"].update(seed=9), ["split"]),
     (lambda t: t["studies"]["three"]["scoring"].update(bootstrap=30), ["scoring"]),
     (lambda t: t["studies"]["three"]["arms"]["together"].update(selection="test"), ["start"])],
)  # fmt: skip
def test_digests_differ_where_model_or_scores_would(project, change, differing):
    one = agreed(project()).digests
    other = agreed(project("other", change)).digests
    assert [name for name in one if one[name] != other[name]] == differing


def test_another_scale_is_refused(project):
    top = project()
    agreement = agreed(top).model_copy(update={"scale": "paper"})
    with pytest.raises(RefusedError, match="scale: demo`, the agreement is about paper"):
        settled(top, agreement)


def test_a_hospital_without_the_study_is_told_so(project):
    top = project()
    agreement = agreed(top)
    with pytest.raises(ParamsError, match="study 'ours' is not in `run`; there are three"):
        settled(top, agreement.model_copy(update={"study": "ours"}))
    with pytest.raises(ParamsError, match="study three has no arm 'apart'; it has together"):
        settled(top, agreement.model_copy(update={"arm": "apart"}))


def test_what_no_federation_can_train_is_refused(project):
    def erm(tables):
        tables["methods"]["erm"] = {"kind": "erm"}
        tables["studies"]["three"]["arms"]["alone"] = {
            "sites": ["north"], "method": "erm", "network": "tiny",
        }  # fmt: skip

    top = project(change=erm)
    with pytest.raises(RefusedError, match="learns by 'erm'"):
        agreed(top, "alone")
    with pytest.raises(ParamsError, match="no arm 'nobody'; it has together, alone"):
        agreed(top, "nobody")
    with pytest.raises(ParamsError, match="'none' is not in `run`"):
        proposed(top, "none", "together", server=SERVER)


def test_paths_are_those_of_the_project(project):
    top = project()
    here = settled(top, agreed(top))
    found = here.inputs(here.stage("train", here.run), key="south")
    assert found["index"] == top / "data/inputs/tiny/south/index.parquet"
    assert found["split"] == top / "results/three/splits/south.csv"


@pytest.mark.parametrize(
    "edit",
    [{"encryption": "none"}, {"min_sites": 1}, {"rounds": 500}, {"weighting": "equal"},
     {"fraction_bits": 30}, {"absent": {"west": (1,)}}, {"sites": ("north", "west")}],
    ids=lambda edit: next(iter(edit)),
)  # fmt: skip
def test_rules_that_were_edited_into_an_agreement_are_refused(project, edit):
    """The digests are still right: a coordinator could switch the encryption off."""
    top = project()
    agreement = agreed(top)
    settled(top, agreement).require(agreement, at="north")
    with pytest.raises(RefusedError, match=f"the agreement has {next(iter(edit))}"):
        settled(top, agreement).require(agreement.model_copy(update=edit), at="north")
