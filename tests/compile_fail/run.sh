#!/bin/sh
# Each file here must not compile, and the error must match its line "// error: ..."; with a line "// and no other" it must
# be the only one. With the line "// flags: ..." left out and REPAIRED defined it must compile: it fails for the reason it
# names and no other.
#   sh tests/compile_fail/run.sh [COMPILER]      g++ by default
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../examples/install.sh"
compiler=${1:-g++}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bad=0

compile() {
  "$compiler" -std=c++20 -fsyntax-only -I "$here/../../include" -isystem "$(eigen_folder)" "$@" >"$log" 2>&1
}

for file in "$here"/*.cpp; do
  name=$(basename "$file" .cpp)
  error=$(sed -n 's|^// error: ||p' "$file")
  # shellcheck disable=SC2046  # one word a flag
  if compile $(sed -n 's|^// flags: ||p' "$file") "$file"; then
    echo "$name: compiles, and must not" && bad=1
  elif [ -z "$error" ] || ! tr '\n' ' ' <"$log" | grep -qEe "$error"; then
    echo "$name: the error does not say '$error':" && cat "$log" && bad=1
  elif grep -q '^// and no other' "$file" && [ "$(grep -c 'error:' "$log")" -ne 1 ]; then
    echo "$name: $(grep -c 'error:' "$log") errors, not one:" && head -n 20 "$log" && bad=1
  elif ! compile -DREPAIRED "$file"; then
    echo "$name: does not compile when repaired:" && cat "$log" && bad=1
  else
    echo "$name: $error"
  fi
done
exit $bad
