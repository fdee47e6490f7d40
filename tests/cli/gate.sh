#!/bin/sh
# A data set with faults through a pipeline: the gate stops (1), cannot judge
# (2) and passes (0); a baseline holds when files are renamed; a cleaned copy
# has no leak.
#
# sh gate.sh DATASET, in a folder of its own, with `splitlint` on the PATH.
set -eu
data=$1

# What a training job does with the exit code: it starts on 0 and nothing else.
gate() {
  splitlint scan --quiet --no-cache "$@" && code=0 || code=$?
  case $code in
    0) answer="train" ;;
    1) answer="stop: the data set has faults" ;;
    *) answer="stop: no verdict" ;;
  esac
  echo "$code $answer"
}

expect() {
  wanted=$1
  shift
  answer=$(gate "$@")
  echo "$answer    <- splitlint scan $*"
  case $answer in
    "$wanted "*) ;;
    *) echo "expected exit code $wanted" >&2; exit 1 ;;
  esac
}

expect 1 "$data"
expect 2 "$data/no-such-folder"

splitlint baseline splitlint-report --reason "as published" --who "data team"
expect 0 "$data" --baseline splitlint-baseline.csv

# The same pictures under other names.
cp -R "$data" renamed
find renamed -mindepth 2 -type f ! -name '.*' | sort | while read -r file; do
  mv "$file" "${file%/*}/moved-${file##*/}"
done
expect 0 renamed --baseline splitlint-baseline.csv
# What was accepted is what stops, not the names.
expect 1 renamed

splitlint apply splitlint-report --to cleaned
expect 0 cleaned --select LEAK --report cleaned-report
