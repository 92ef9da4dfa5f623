#!/bin/sh
# Builds tests for s390x and runs them under an emulator. foreign.sh explains how. The library does not know the vector
# registers of s390x, and s390x stores the highest byte of a number first. The tests are those that may depend on
# either: the bits of training, and the readers.
#   sh tests/s390x.sh [OPTION]...      passes the options to ctest, in place of this selection
set -eu
machine=s390x debian=s390x targets="test_whole test_core test_io"
[ $# -gt 0 ] || set -- -R '^(bits|io/.*|core/(arithmetic|random|reduce|kernel|kernel/(distances|fused_update)))$'
. "$(dirname "$0")/foreign.sh"
