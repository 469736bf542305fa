# make demo | test | lint | docs | bench | lock. Each makes the environment that it needs.
SHELL := /bin/bash
PYTHON ?= python3
STUDY ?= nguyen2021
# More at a time than cores slow each other down: eight trainings on two cores take a quarter more CPU.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
VENV := .venv
DOCS := .venv-docs
FEDERATION := .venv-federation
CRATE := .venv-crate
SLURM := .venv-slurm
KUBERNETES := .venv-kubernetes
BIN := $(VENV)/bin
RUN := . $(BIN)/activate &&
# Some imaging libraries reset the locale of the process that loads them; text stays UTF-8 all the same.
export PYTHONUTF8 := 1

.PHONY: demo test test-fast lint docs bench lock lock-crate lock-docs lock-federation env federation-env crate-env slurm-env kubernetes-env lock-kubernetes
.DEFAULT_GOAL := demo

# The environment is made anew when the lock or the package's metadata change. The package is compiled
# ahead: where the shell forbids Python to write bytecode, each job would compile it again.
env: $(VENV)/.done

$(VENV)/.done: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m compileall -q src
	touch $@

# For `elsewhere federation serve` and `join`: Flower, and the versions that it wants otherwise. They lie
# in an environment that sees the packages of the first, so that torch is not installed twice.
federation-env: $(FEDERATION)/.done

$(FEDERATION)/.done: $(VENV)/.done requirements-federation.lock
	$(PYTHON) -m venv --clear --without-pip $(FEDERATION)
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
		"$$($(FEDERATION)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/beside.pth"
	$(BIN)/python -m pip --python $(FEDERATION)/bin/python install --quiet --disable-pip-version-check \
		-r requirements-federation.lock
	$(BIN)/python -m pip --python $(FEDERATION)/bin/python install --quiet --disable-pip-version-check \
		--no-deps --editable .
	touch $@

# For `snakemake --profile profiles/slurm`: the plugin, in an environment that sees the packages of the first.
slurm-env: $(SLURM)/.done

$(SLURM)/.done: $(VENV)/.done requirements-slurm.lock
	$(PYTHON) -m venv --clear --without-pip $(SLURM)
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
		"$$($(SLURM)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/beside.pth"
	$(BIN)/python -m pip --python $(SLURM)/bin/python install --quiet --disable-pip-version-check --no-deps \
		-r requirements-slurm.lock
	$(BIN)/python -m pip --python $(SLURM)/bin/python install --quiet --disable-pip-version-check \
		--no-deps --editable .
	touch $@

# The same for `snakemake --profile profiles/kubernetes`, and the plugin of workflow/plugins, which extends the official one.
kubernetes-env: $(KUBERNETES)/.done

$(KUBERNETES)/.done: $(VENV)/.done requirements-kubernetes.lock
	$(PYTHON) -m venv --clear --without-pip $(KUBERNETES)
	($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; echo "$$PWD/workflow/plugins") > \
		"$$($(KUBERNETES)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/beside.pth"
	$(BIN)/python -m pip --python $(KUBERNETES)/bin/python install --quiet --disable-pip-version-check --no-deps \
		-r requirements-kubernetes.lock
	$(BIN)/python -m pip --python $(KUBERNETES)/bin/python install --quiet --disable-pip-version-check \
		--no-deps --editable .
	touch $@

# RO-Crate's own validator, which wants another version of rich: the tests check an export with it.
crate-env: $(CRATE)/.done

$(CRATE)/.done: requirements-crate.lock
	$(PYTHON) -m venv --clear $(CRATE)
	$(CRATE)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-crate.lock
	touch $@

# Raw data of synthetic sites, the whole graph of one study (STUDY=all: of each in `run`), the matrix.
demo: env
	$(RUN) python -m elsewhere phantom $(if $(filter all,$(STUDY)),,--study $(STUDY))
	$(RUN) snakemake -j$(JOBS) $(if $(filter all,$(STUDY)),,results/$(STUDY)/report.html)
	$(RUN) for report in results/$(if $(filter all,$(STUDY)),*,$(STUDY))/report.html; do \
		python -m elsewhere matrix $$(basename $$(dirname $$report)) || exit 1; done

test: env federation-env crate-env slurm-env kubernetes-env
	$(RUN) ELSEWHERE_FLOWER=required ELSEWHERE_CRATE=required ELSEWHERE_KUBERNETES=required pytest -n 2 --dist loadgroup --no-loadscope-reorder

test-fast: env
	$(RUN) pytest -n 2 -m "not slow"

lint: env
	$(RUN) ruff check . && ruff format --check . && mypy && lint-imports --no-cache && \
		snakefmt --check Snakefile workflow && snakemake --lint && python -m elsewhere graph --check

# The documentation: build/docs/index.html, which needs no network and no server. Its environment is
# small: the pages are made from the source, and only the settings and the command line are imported.
docs: $(DOCS)/.done
	PYTHONPATH=src $(DOCS)/bin/python -m sphinx --quiet --fail-on-warning --keep-going --jobs auto \
		-b html -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

$(DOCS)/.done: requirements-docs.lock
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock
	touch $@

bench: env .bench/.done
	$(RUN) export PYTHONPATH=.bench PATH=$$PWD/.bench/bin:$$PATH; \
		for file in benchmarks/store_formats.py benchmarks/dicom_readers.py benchmarks/paper_step.py \
			benchmarks/feed.py benchmarks/training_step.py benchmarks/optimizer_start.py benchmarks/radiograph_tables.py \
			benchmarks/radiograph_prepare.py benchmarks/duplicates.py \
			benchmarks/interval_coverage.py benchmarks/probability_coverage.py \
			benchmarks/new_site_coverage.py benchmarks/resampled_tests.py benchmarks/federation.py benchmarks/nothing_to_do.py; do \
		echo "== $$file"; python $$file || exit 1; done

# The readers that ours is compared with, without what they would pull in.
.bench/.done: benchmarks/readers.txt
	rm -rf .bench
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .bench -r benchmarks/readers.txt
	touch $@

# Resolve anew, in an empty environment, within the bounds of pyproject.toml.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check ".[dev,bench,ssh,s3]"
	.venv-lock/bin/python -m pip uninstall --quiet --yes elsewhere
	(echo "# Made by \`make lock\`; torch is pinned, its index (CPU or CUDA) is the user's choice."; \
		.venv-lock/bin/python -m pip freeze | sed 's/+cpu//') > requirements.lock
	rm -rf .venv-lock

lock-crate:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check roc-validator
	(echo "# Made by \`make lock-crate\`."; .venv-lock/bin/python -m pip freeze) > requirements-crate.lock
	rm -rf .venv-lock

lock-docs:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check -c requirements.lock $$($(PYTHON) -c \
		'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"])')
	(echo "# Made by \`make lock-docs\`."; .venv-lock/bin/python -m pip freeze) > requirements-docs.lock
	rm -rf .venv-lock

# What the plugin wants beside requirements.lock.
lock-kubernetes:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check -c requirements.lock ".[kubernetes]"
	.venv-lock/bin/python -m pip uninstall --quiet --yes elsewhere
	(echo "# Made by \`make lock-kubernetes\`: what stands beside requirements.lock."; \
		.venv-lock/bin/python -m pip freeze | sed 's/+cpu//' | grep -vxFf requirements.lock) > requirements-kubernetes.lock
	rm -rf .venv-lock

# requirements.lock, but for Flower and for what it wants in other versions.
lock-federation:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	grep -vE '^(certifi|rich|starlette|typer|uvicorn)==' requirements.lock > .venv-lock/others.txt
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check -c .venv-lock/others.txt \
		-r .venv-lock/others.txt ".[federation]"
	.venv-lock/bin/python -m pip uninstall --quiet --yes elsewhere
	(echo "# Made by \`make lock-federation\`: requirements.lock, Flower, and what it wants otherwise."; \
		.venv-lock/bin/python -m pip freeze | sed 's/+cpu//') > requirements-federation.lock
	rm -rf .venv-lock
