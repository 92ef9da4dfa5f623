#!/bin/sh
# Builds some tests for s390x and runs them under an emulator; foreign.sh explains how. The library has no kernels of
# its own for s390x, and s390x stores the highest byte of a number first. The tests are those that may depend on one of
# these: the recorded bits of training, the kernels, and the readers.
#   sh tests/s390x.sh [OPTION]...      passes the options to ctest, instead of selecting these tests
set -eu
machine=s390x debian=s390x targets="test_whole test_core test_io"
[ $# -gt 0 ] || set -- -R '^(bits|io/.*|core/(arithmetic|random|reduce|kernel|kernel/(distances|fused_update)))$'
. "$(dirname "$0")/foreign.sh"
