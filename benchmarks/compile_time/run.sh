#!/bin/sh
# How long does the tutorial take to compile? The script compiles with -O3, in turn,
#   tutorial            examples/contrastive_loss.cpp, header-only
#   tutorial, linked    the same, with what gemel::compiled has, which is compiled before
#   AnyModel            a program that trains an AnyModel (any_model.cpp), header-only
#   AnyModel, linked    the same, as above
#   verifier            a program that only decides (verifier.cpp), header-only
#   plain Eigen         the tutorial's network and training in plain Eigen (plain_eigen.cpp)
# and prints the median processor times, their ratios to plain Eigen, and the sizes of the stripped programs.
#   sh benchmarks/compile_time/run.sh [ROUNDS]      9 by default
# CXX=clang++ selects another compiler.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
. "$root/examples/install.sh"

need libeigen3-dev
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

options="-std=c++20 -O3 -I $root/include -isystem $(eigen_folder) -pthread"
compile() { # NAME ARGUMENT...
  name=$1
  shift
  # shellcheck disable=SC2086  # one word per option
  bash -c 'TIMEFORMAT=%U; time "$@"' - "$CXX" $options "$@" -o "$work/$name" 2>>"$work/$name.seconds"
}
median() { sort -n "$1" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

for part in core/kernel_instances compiled/instances; do
  echo "#include <gemel/$part.hpp>"
done >"$work/compiled.cpp"
# shellcheck disable=SC2086
"$CXX" $options -ffunction-sections -fdata-sections -c "$work/compiled.cpp" -o "$work/compiled.o"
round=0
while [ "$round" -lt "${1:-9}" ]; do
  compile 'tutorial' "$root/examples/contrastive_loss.cpp"
  compile 'tutorial, linked' -DGEMEL_COMPILED "$root/examples/contrastive_loss.cpp" "$work/compiled.o" -Wl,--gc-sections
  compile 'AnyModel' "$here/any_model.cpp"
  compile 'AnyModel, linked' -DGEMEL_COMPILED "$here/any_model.cpp" "$work/compiled.o" -Wl,--gc-sections
  compile 'verifier' "$here/verifier.cpp"
  compile 'plain Eigen' "$here/plain_eigen.cpp"
  round=$((round + 1))
done
"$CXX" --version | head -n 1
plain=$(median "$work/plain Eigen.seconds")
for name in 'tutorial' 'tutorial, linked' 'AnyModel' 'AnyModel, linked' 'verifier' 'plain Eigen'; do
  strip "$work/$name"
  median "$work/$name.seconds" | awk -v name="$name" -v plain="$plain" -v bytes="$(wc -c <"$work/$name")" \
    '{ printf "%-17s %6.2f s, %.2f times as long as plain Eigen, %d KB\n", name, $1, $1 / plain, bytes / 1024 }'
done
