#!/bin/sh
# Builds train and verify, and trains a siamese network on the digits that train contains. Works on a bare Debian or
# Ubuntu.
#   sh examples/quickstart.sh [OPTION]...      passes the options to train: see --help
# If gnuplot is installed (Debian: gnuplot-nox), --report DIR draws pictures. If zlib is installed (zlib1g-dev), train
# reads gzipped files. GEMEL_BUILD may name another build folder than build/quickstart.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/install.sh"

need cmake make libeigen3-dev libcli11-dev nlohmann-json3-dev
build=${GEMEL_BUILD:-$root/build/quickstart}
configure "$build" -DGEMEL_BUILD_TESTS=OFF
quietly "Building train and verify, one to two minutes ..." cmake --build "$build" --target quickstart --parallel "$(cores)"
exec "$build/examples/train" "$@"
