#!/usr/bin/env bash
# archives.sh ARTIFACTS OUT: takes the program out of each wheel in ARTIFACTS and puts
# it into OUT as an archive, beside the source distribution and the checksums of all.
set -euo pipefail
artifacts=$1 out=$2
mkdir -p "$out"
for wheel in "$artifacts"/wheel-*/*.whl; do
  target=$(basename "$(dirname "$wheel")")
  target=${target#wheel-}
  name=splitlint-$target
  place=$(mktemp -d)
  mkdir "$place/$name"
  unzip -q -j "$wheel" '*.data/scripts/*' -d "$place/$name"
  cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$place/$name"
  case $target in
    *windows*) (cd "$place" && zip -q -r "$name.zip" "$name") && mv "$place/$name.zip" "$out" ;;
    *)
      chmod +x "$place/$name/splitlint"
      tar -czf "$out/$name.tar.gz" -C "$place" "$name"
      ;;
  esac
  rm -r "$place"
done
cp "$artifacts"/sdist/*.tar.gz "$out"
(cd "$out" && sha256sum -- * >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
