#!/bin/sh
# Builds all tests for aarch64 and runs them under an emulator; foreign.sh explains how.
#   sh tests/aarch64.sh [OPTION]...      passes the options to ctest
set -eu
machine=aarch64 debian=arm64 targets=all
. "$(dirname "$0")/foreign.sh"
