#!/bin/sh
# Tests for s390x, under an emulator; foreign.sh says how. It has no vector registers that the library knows, and the
# highest byte of a number comes first: what may depend on either is tested, the bits of training and the readers.
#   sh tests/s390x.sh [OPTION]...      the options are ctest's own
set -eu
machine=s390x debian=s390x targets="test_whole test_core test_io"
[ $# -gt 0 ] || set -- -R '^(bits|io/.*|core/(arithmetic|random|reduce|kernel|kernel/(distances|fused_update)))$'
. "$(dirname "$0")/foreign.sh"
