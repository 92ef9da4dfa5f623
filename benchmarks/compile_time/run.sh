#!/bin/sh
# How long does the tutorial take to compile? The script compiles and links examples/contrastive_loss.cpp with -O3, in
# turn with the same program in plain Eigen, and prints the median processor times and the sizes of the stripped
# programs.
#   sh benchmarks/compile_time/run.sh [ROUNDS]      9 by default
# CXX=clang++ selects another compiler.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
. "$root/examples/install.sh"

need libeigen3-dev
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() { # NAME SOURCE
  bash -c 'TIMEFORMAT=%U; time "$@"' - "$CXX" -std=c++20 -O3 -I "$root/include" -isystem "$(eigen_folder)" "$2" \
    -o "$work/$1" -pthread 2>>"$work/$1.seconds"
}
median() { sort -n "$1" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

round=0
while [ "$round" -lt "${1:-9}" ]; do
  compile gemel "$root/examples/contrastive_loss.cpp"
  compile plain_eigen "$here/plain_eigen.cpp"
  round=$((round + 1))
done
for name in gemel plain_eigen; do
  strip "$work/$name"
  median "$work/$name.seconds" >"$work/$name.median"
  echo "$name: $(cat "$work/$name.median") s, $(($(wc -c <"$work/$name") / 1024)) KB"
done
awk '{ seconds[NR] = $1 } END { printf "%s: %.2f times as long as plain Eigen\n", compiler, seconds[1] / seconds[2] }' \
  compiler="$("$CXX" --version | head -n 1)" "$work/gemel.median" "$work/plain_eigen.median"
