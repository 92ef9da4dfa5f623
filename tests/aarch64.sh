#!/bin/sh
# All tests for aarch64, under an emulator; foreign.sh says how.
#   sh tests/aarch64.sh [OPTION]...      the options are ctest's own
set -eu
machine=aarch64 debian=arm64 targets=all
. "$(dirname "$0")/foreign.sh"
