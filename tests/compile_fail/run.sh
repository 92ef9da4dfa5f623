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

# The library as precompiled headers: io.hpp also has the headers that read and write models, which take longer, so only
# the files in io/ use it. With its option, Clang instantiates the library's own templates once, and not for each file.
instantiate=
echo 'int empty;' >"$work/empty.cpp"
! compile -fpch-instantiate-templates "$work/empty.cpp" || instantiate=-fpch-instantiate-templates
echo '#include "gemel/gemel.hpp"' >"$work/library.hpp"
printf '#include "gemel/%s.hpp"\n' gemel io/model_file >"$work/io.hpp"
for header in library io; do
  "$compiler" -std=c++20 -I "$here/../../include" -isystem "$(eigen_folder)" $instantiate \
    -x c++-header "$work/$header.hpp" -o "$work/$header.hpp.gch"
done

# The precompiled header for a file.
library() { # FILE
  case $1 in
    */io/*) echo "$work/io.hpp" ;;
    *) echo "$work/library.hpp" ;;
  esac
}

as_written() { # FILE
  flags=$(sed -n 's|^// flags: ||p' "$1")
  # shellcheck disable=SC2086  # one word per flag
  compile ${flags:--include "$(library "$1")"} "$1"
}

# The repaired files are compiled together, each in a namespace, because common templates are then instantiated once. A
# file that specializes a template of the library cannot be in a namespace, and is compiled alone.
echo '#include "gemel/io/model_file.hpp"' >"$work/repaired.cpp"
number=0
for file in "$here"/*/*.cpp; do
  name=${file#"$here/"}
  error=$(sed -n 's|^// error: ||p' "$file")
  if as_written "$file"; then
    echo "$name: it compiles, but must not" && bad=1
  elif [ -z "$error" ] || ! tr '\n' ' ' <"$log" | grep -qEe "$error"; then
    echo "$name: the error does not say '$error':" && cat "$log" && bad=1
  elif grep -q '^// and no other' "$file" && [ "$(grep -c 'error:' "$log")" -ne 1 ]; then
    echo "$name: $(grep -c 'error:' "$log") errors, not one:" && head -n 20 "$log" && bad=1
  elif ! grep -q '^template <>' "$file"; then
    number=$((number + 1))
    printf 'namespace case_%s {\n#include "%s"\n}\n' "$number" "$file" >>"$work/repaired.cpp"
    echo "$name: $error"
  elif ! compile -include "$(library "$file")" -DREPAIRED "$file"; then
    echo "$name: does not compile when repaired:" && cat "$log" && bad=1
  else
    echo "$name: $error"
  fi
done
if ! compile -include "$work/io.hpp" -DREPAIRED "$work/repaired.cpp"; then
  echo "these files do not compile when repaired:" && cat "$log" && bad=1
fi
exit $bad
