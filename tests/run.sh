#!/bin/sh
# Builds and runs all tests, and ends with ctest's summary. Works on a bare Debian or Ubuntu.
#   sh tests/run.sh [OPTION]...      passes the options to ctest: -R distance selects tests by name
# CXX=clang++ sh tests/run.sh uses another compiler. If GEMEL_BUILD names a build folder of quickstart.sh, the tests are
# built there and use its programs.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/install.sh"

need cmake make libeigen3-dev libcli11-dev catch2 nlohmann-json3-dev zlib1g-dev
build=${GEMEL_BUILD:-$root/build/tests-$(basename "$CXX")}
configure "$build" -DGEMEL_BUILD_TESTS=ON
quietly "Building the tests, some minutes ..." cmake --build "$build" --parallel "$(cores)"
echo "Running the tests ..."
failed=$build/failed
rm -f "$failed"
{ ctest --test-dir "$build" --parallel "$(cores)" --output-on-failure "$@" || touch "$failed"; } |
  grep -vE '^ *Start +[0-9]+:| Passed +[0-9.]+ sec$' || true
[ ! -e "$failed" ]
