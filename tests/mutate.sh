#!/bin/sh
# Shows that the tests see a wrong sign: in a copy of the library it breaks each backward, slope, loss and update in
# turn, builds the test files named beside it, and prints the one that failed. A change that no test sees is an error.
#   sh tests/mutate.sh [PATTERN]      only the changes whose line matches
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/install.sh"
need libeigen3-dev catch2 nlohmann-json3-dev zlib1g-dev

# header under include/gemel | sed's command, which must change it | tests, under tests/ without .test.cpp
changes() {
  grep -v -e '^#' -e '^$' <<'END'
END
}
