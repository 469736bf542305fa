"""Both drivers on the whole graph: what one has made, the other takes; nothing is silently stale.

One project is made by Snakemake, with stand-in steps; each test works in its own copy of it.
"""

import re
import time
from typing import Any

import psutil
import pytest
from dvc.utils.serialize import load_yaml
from project import Project, everything, named_by_dvc, nothing_to_do

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
SCORES = "results/settings/score--contrastive.json"


# What is expected is told from the settings by these lines alone, not by the graph under test.


def studies(project: Project) -> dict[str, dict[str, Any]]:
    """Each study of `run`, with its row of the scale at hand."""
    params, rows = load_yaml(str(project.path / "params.yaml")), {}
    for path in (project.path / "config/studies").glob("*.yaml"):
        rows |= load_yaml(str(path))["studies"]
    return {name: {**rows[name], **rows[name]["scales"][params["scale"]]} for name in params["run"]}


def trained_on(study: dict[str, Any]) -> dict[str, list[str]]:
    return {arm: [study["sites"][s] for s in row["sites"]] for arm, row in study["arms"].items()}


def models(name: str, study: dict[str, Any], arms: list[str]) -> set[str]:
    folds = range(study["split"]["folds"])
    own = [arm for arm in arms if "models_of" not in study["arms"][arm]]
    return {f"train--{name}--{a}--{f}-{s}" for a in own for f in folds for s in study["seeds"]}


def begun_anew(study: dict[str, Any], arms: list[str]) -> list[str]:
    """Return these arms and those that start from their models, or apply them."""
    found = [*arms]
    for _ in study["arms"]:
        for arm, row in study["arms"].items():
            before = {row.get("starts_from"), row.get("models_of")}
            if arm not in found and before & {*found}:
                found.append(arm)
    return found


def cells(name: str, study: dict[str, Any]) -> set[tuple[str, str]]:
    return {(arm, row) for arm in study["arms"] for row in study["sites"].values()}


def combined(study: dict[str, Any]) -> set[tuple[str, str]]:
    """A cell of each arm on all sites together, which reads its predictions on every one (A-54)."""
    return {(arm, "combined") for arm in study["arms"]}


def looked_into(name: str, study: dict[str, Any]) -> set[str]:
    """Each of these reads all sites."""
    return {f"explain--{name}--{arm}" for arm in study.get("explain", {}).get("arms", ())}


def after_scoring(project: Project, name: str) -> set[str]:
    study = studies(project)[name]
    found = {f"score--{name}--{a}--{r}" for a, r in cells(name, study) | combined(study)}
    return {*found, f"figure--{name}"}


def after_site(project: Project, name: str, row: str) -> set[str]:
    """Models trained on the site, cells of these models or on the site, scores that read those."""
    study = studies(project)[name]
    arms = trained_on(study)
    anew = begun_anew(study, [arm for arm, rows in arms.items() if row in rows])
    predicted = {(a, r) for a, r in cells(name, study) if a in anew or r == row}
    scored = {
        (a, r)
        for a, r in cells(name, study)
        if (a, r) in predicted or any((a, site) in predicted for site in arms[a])
    } | combined(study)
    return {
        f"ingest--{row}",
        f"prepare--{study['input']}--{row}",
        f"audit--{name}",
        f"split--{name}--{row}",
        *models(name, study, anew),
        *(f"predict--{name}--{a}--{r}" for a, r in predicted),
        *(f"score--{name}--{a}--{r}" for a, r in scored),
        *looked_into(name, study),
        f"figure--{name}",
    }


# Editing what stands in the checkout.


def set_bootstrap(project: Project, number: int) -> None:
    """Change a setting of one study."""
    text = re.sub(r"bootstrap: \d+", f"bootstrap: {number}", project.study.read_text())
    project.study.write_text(text)


def wait_for_jobs(project: Project, number: int) -> None:
    """Wait until so many stages have started."""
    until = time.monotonic() + 300
    while not project.log.exists() or len(project.log.read_text().split()) < number:
        assert time.monotonic() < until, "no job started"
        time.sleep(0.05)


def test_after_snakemake_dvc_does_nothing(project: Project) -> None:
    nothing_by(project, "dvc repro", "are up to date")
    nothing_by(project, "snakemake -n", "Nothing to be done")
    nothing_by(project, "snakemake -j8", "Nothing to be done")


def nothing_by(project: Project, command: str, said: str) -> None:
    assert said in project.sh(command)
    assert project.executed() == []


def test_a_clone_that_pulls_has_nothing_to_do(project: Project) -> None:
    project.sh("dvc push -q --run-cache && git add -A && git commit -qm made")
    clone = project.path.parent / "clone"
    project.sh(f"git clone -q {project.path} {clone}", cwd=project.path.parent)
    project.sh("dvc pull -q --run-cache", cwd=clone)
    nothing_to_do(project, clone)
    # what the pushed run-cache holds is found in the clone without a run
    project.sh("rm -r results/contrastive/cells/joint && snakemake -j8", cwd=clone)
    assert project.executed() == []
    nothing_to_do(project, clone)


def test_a_changed_setting_makes_its_cells_stale_and_its_revert_restores_them(
    small: Project,
) -> None:
    """Made by Snakemake, restored by DVC; the next test goes the other way round."""
    stale = after_scoring(small, "contrastive")
    assert len(stale) == 3 * (2 + 1) + 1
    set_bootstrap(small, 1999)
    assert set(small.planned()) == stale
    small.sh("snakemake -j8")
    assert sorted(small.executed()) == sorted(stale)
    nothing_to_do(small)
    set_bootstrap(small, 2000)
    nothing_executed(small, "dvc repro -q")


def nothing_executed(project: Project, command: str) -> None:
    """The command brings back what was made before, and then neither tool has anything to do."""
    project.sh(command)
    assert project.executed() == []
    nothing_to_do(project)


def test_a_site_changed_for_dvc_without_dvc_add_and_back_for_snakemake(small: Project) -> None:
    raw = small.path / f"data/raw/{SITE}/0.dcm"
    old = raw.read_bytes()
    stale = after_site(small, "contrastive", SITE)
    # ingest, prepare, audit, split; one arm trains on it in two folds, and one starts from such a
    # model (C-20); all but what the arm of the other site says of that site is predicted and scored
    # anew, and each arm on both sites combined; one arm is explained
    assert len(stale) == 4 + 2 * 2 + 2 * (2 * 2 + 1) + 3 + 1 + 1
    raw.write_bytes(b"another patient")
    assert set(small.planned()) == stale
    small.sh("dvc repro -q")
    assert sorted(small.executed()) == sorted(stale)
    assert small.planned() == []
    raw.write_bytes(old)
    nothing_executed(small, "snakemake -j8")


def test_a_site_of_four_makes_its_own_cells_stale(project: Project) -> None:
    """One of two arms is trained on the site, the other only tested on it; three cells stay.

    Both arms also have a cell of all sites combined. The site of another study that changes at the
    same time makes stale what arms with layers of the sites' own, and with the models of another,
    have of it.
    """
    four = after_site(project, "nguyen2021", "mosmed-synthetic")
    assert sum(name.startswith("score") for name in four) == 4 + 1 + 2
    two = after_site(project, "contrastive", SITE)
    assert len(two) == 4 + 3 * 2 + 2 * (4 * 2 + 1) + 5 + 2 + 1
    changed = [project.path / f"data/raw/{site}/0.dcm" for site in ("mosmed-synthetic", SITE)]
    old = [raw.read_bytes() for raw in changed]
    for raw in changed:
        raw.write_bytes(b"another patient")
    assert named_by_dvc(project) == {"ingest--mosmed-synthetic", f"ingest--{SITE}"}
    assert set(project.planned()) == four | two
    for raw, content in zip(changed, old, strict=True):
        raw.write_bytes(content)
    assert project.planned() == []


def test_a_site_is_split_again_if_its_groups_change(small: Project) -> None:
    """The audit reads all sites, and what it finds is known only when it ran.

    A patient who is found at another site changes the groups of both: the same run splits both.
    Without a change of groups a run goes no further than the changed site, as the next test says.
    """
    raw = small.path / f"data/raw/{SITE}/0.dcm"
    raw.write_bytes(b"a twin of the other site's patient")
    small.sh("snakemake -j8")
    executed = small.executed()
    others = {name for name in everything(small) if name.startswith(("ingest", "prepare"))}
    assert set(executed) == everything(small) - {name for name in others if SITE not in name}
    assert len(executed) == len(set(executed))
    nothing_to_do(small)


def test_kill_9_leaves_nothing_that_needs_a_hand(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = small.path / f"data/raw/{SITE}/0.dcm"
    raw.write_bytes(b"another patient")
    stale = after_site(small, "contrastive", SITE)
    monkeypatch.setenv("STAND_IN_SLEEP", "0.5")
    run = small.start("exec snakemake -j8")
    wait_for_jobs(small, 12)
    kill_all(run.pid)
    run.communicate()
    first = set(small.executed())
    finished = finished_by_snakemake(small)
    assert finished
    assert finished < first < stale
    monkeypatch.delenv("STAND_IN_SLEEP")
    small.sh("snakemake -j8")
    again = small.executed()
    assert len(again) == len(set(again))
    assert set(again) <= stale - finished, "the groups are as before, so nothing else is stale"
    assert stale - finished - set(again) <= first, "neither finished nor done again"
    nothing_to_do(small)
    assert not list(small.path.glob("results/**/.part-*"))[1:], "more than one killed writer"


def kill_all(pid: int) -> None:
    """Kill a process and all that it started, itself first so that it cannot tidy up."""
    parent = psutil.Process(pid)
    children = parent.children(recursive=True)
    for process in (parent, *children):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(children, timeout=10)


def finished_by_snakemake(project: Project) -> set[str]:
    """Return the stages that the log of the last run calls finished."""
    log = max((project.path / ".snakemake/log").iterdir(), key=lambda path: path.stat().st_mtime)
    text = log.read_text()
    ids = re.findall(r"log: logs/(\S+)\.log\s+jobid: (\d+)", text)
    names = {number: name.replace("/", "--") for name, number in ids}
    return {names[number] for number in re.findall(r"Finished jobid: (\d+)", text)}


def test_params_edited_during_a_run_are_not_taken_for_what_made_it(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = after_scoring(small, "contrastive")
    cell = f"score--contrastive--joint--{SITE}"
    metrics = f"results/contrastive/cells/joint/{SITE}/metrics.json"
    for command, old, new in ((f"dvc repro {cell}", 1, 2), (f"snakemake -j8 {metrics}", 3, 4)):
        set_bootstrap(small, old)
        edited = small.path.parent / f"edited to {new}"
        monkeypatch.setenv("STAND_IN_UNTIL", str(edited))
        run = small.start(command)
        wait_for_jobs(small, 1)
        set_bootstrap(small, new)
        edited.touch()
        printed, _ = run.communicate()
        assert run.returncode != 0
        assert small.executed()
        assert not {old, new}.intersection(recorded(small).values()), printed
        monkeypatch.delenv("STAND_IN_UNTIL")
        assert set(small.planned()) == stale
        small.sh(command)
        assert small.executed() == [cell]
        assert {name for name, number in recorded(small).items() if number == new} == {cell}


def recorded(project: Project) -> dict[str, int]:
    """Return the bootstrap counts with which dvc.lock says that the scores were made."""
    entries = load_yaml(str(project.path / "dvc.lock"))["stages"]
    return {
        name: entry["params"][SCORES]["studies.contrastive.scoring"]["bootstrap"]
        for name, entry in entries.items()
        if name.startswith("score--contrastive--")
    }


@pytest.mark.parametrize("command", ["snakemake -j8", "dvc repro -q"])
def test_what_a_hand_changed_is_noticed_and_put_right(command: str, small: Project) -> None:
    metrics = small.path / f"results/contrastive/cells/joint/{SITE}/metrics.json"
    volume = small.path / f"data/scans/{SITE}/volumes/one"
    gone = small.path / "results/contrastive/models/joint/0-0/model.safetensors"
    made = [path.read_bytes() for path in (metrics, volume, gone)]
    for path, text in ((metrics, "better"), (volume, "brighter")):
        path.unlink()  # results are read-only, and only root could write into one
        path.write_text(text)
    gone.unlink()
    planned = set(small.planned())
    assert planned >= {f"score--contrastive--joint--{SITE}", f"ingest--{SITE}"}
    nothing_executed(small, command)
    assert [path.read_bytes() for path in (metrics, volume, gone)] == made


def test_no_model_is_made_of_other_arrays_than_the_index_lists(small: Project) -> None:
    """Neither driver looks into a folder for the sake of what is made from it."""
    arrays = small.path / f"data/inputs/contrastive-demo/{SITE}/arrays/one"
    model = small.path / "results/contrastive/models/joint/0-0/model.safetensors"
    made = [path.read_bytes() for path in (arrays, model)]
    code = small.path / "src/elsewhere/steps/train.py"
    code.write_text(f"{code.read_text()}# a word\n")
    small.sh("python -m elsewhere graph")
    arrays.unlink()
    arrays.write_text("of another scan")
    for command in (
        "dvc repro -s train--contrastive--joint--0-0",
        "python -m elsewhere train contrastive joint 0-0",
    ):
        printed = small.sh(f"{command}; echo exit code $?")
        assert f"{arrays.parent.relative_to(small.path)} is not as prepare--" in printed
        assert "exit code 0" not in printed
        assert small.executed() == []
    small.sh("snakemake -j8")
    executed = small.executed()
    assert "train--contrastive--joint--0-0" in executed
    assert not [name for name in executed if name.startswith(("ingest", "prepare"))]
    assert [path.read_bytes() for path in (arrays, model)] == made
    nothing_to_do(small)


def test_a_scale_that_dvc_yaml_does_not_have_stops_dvc(small: Project) -> None:
    small.edit("scale: demo ", "scale: paper ")
    printed = small.sh("dvc repro; echo exit code $?")
    assert "exit code 0" not in printed
    assert "run `elsewhere graph`" in printed
    assert small.executed() == []
    small.edit("scale: paper ", "scale: demo ")
    nothing_to_do(small)


def test_neutral_code_is_adopted_by_both(small: Project) -> None:
    code = small.path / "src/elsewhere/steps/score.py"
    code.write_text(code.read_text() + "# a word\n")
    stale = {name for name in everything(small) if name.startswith(("score--", "figure--"))}
    assert set(small.planned()) == stale
    said = small.sh("python -m elsewhere adopt all --reason 'a comment'")
    assert said.count("adopted score--") == 3 * (2 + 1)
    nothing_to_do(small)
    assert len((small.path / "adopted.csv").read_text().splitlines()) == 1 + 3 * (2 + 1)
