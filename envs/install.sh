#!/bin/sh
# What Containerfile and elsewhere.def install, in the folder that both copy: the versions of requirements.lock,
# without the tools of tests. The one argument is the index of torch: CPU or CUDA.
set -eu
python -m venv /opt/elsewhere
grep -v '^#' requirements.lock > /tmp/constraints.txt
/opt/elsewhere/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --extra-index-url "$1" --constraint /tmp/constraints.txt ".[ssh,s3]"
/opt/elsewhere/bin/python -m pip check
rm -rf /tmp/constraints.txt build src/*.egg-info
