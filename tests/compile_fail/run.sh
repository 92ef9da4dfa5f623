#!/bin/sh
# Checks that each file */*.cpp in this folder does not compile, and that the error matches the file's line
# "// error: ...". If the file has a line "// and no other", this must be the only error. With REPAIRED defined, and
# without the flags in its line "// flags: ...", the file must compile; so it fails for the reason that it names.
#   sh tests/compile_fail/run.sh [COMPILER]      g++ by default
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../examples/install.sh"
compiler=${1:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log
bad=0

compile() {
  "$compiler" -std=c++20 -fsyntax-only -I "$here/../../include" -isystem "$(eigen_folder)" "$@" >"$log" 2>&1
}

# The library as a precompiled header, for all files without flags of their own.
echo '#include "gemel/gemel.hpp"' >"$work/library.hpp"
"$compiler" -std=c++20 -I "$here/../../include" -isystem "$(eigen_folder)" -x c++-header "$work/library.hpp" \
  -o "$work/library.hpp.gch"

as_written() { # FILE
  flags=$(sed -n 's|^// flags: ||p' "$1")
  # shellcheck disable=SC2086  # one word per flag
  compile ${flags:--include "$work/library.hpp"} "$1"
}

for file in "$here"/*/*.cpp; do
  name=${file#"$here/"}
  error=$(sed -n 's|^// error: ||p' "$file")
  if as_written "$file"; then
    echo "$name: it compiles, but must not" && bad=1
  elif [ -z "$error" ] || ! tr '\n' ' ' <"$log" | grep -qEe "$error"; then
    echo "$name: the error does not say '$error':" && cat "$log" && bad=1
  elif grep -q '^// and no other' "$file" && [ "$(grep -c 'error:' "$log")" -ne 1 ]; then
    echo "$name: $(grep -c 'error:' "$log") errors, not one:" && head -n 20 "$log" && bad=1
  elif ! compile -include "$work/library.hpp" -DREPAIRED "$file"; then
    echo "$name: does not compile when repaired:" && cat "$log" && bad=1
  else
    echo "$name: $error"
  fi
done
exit $bad
