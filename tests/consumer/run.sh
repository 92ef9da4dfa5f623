#!/bin/sh
# Uses the library as its users do, each time with the program that design and README promise: installed into an empty
# prefix and found by find_package, by add_subdirectory, and with -I and Eigen alone.
#   sh tests/consumer/run.sh [COMPILER]...      by default g++ and, where it is there, clang++
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/examples/install.sh"
[ $# -gt 0 ] || set -- g++ $(command -v clang++ || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The program's last line is one finite distance; from one build to the next it is the same.
check() {
  "$2" >"$work/out" 2>/dev/null
  distance=$(tail -n 1 "$work/out")
  echo "$distance" | grep -qE '^[0-9]*\.?[0-9]+(e-?[0-9]+)?$' || { echo "$1: no distance but '$distance'" >&2; exit 1; }
  echo "$1: distance $distance"
  [ "${first:=$distance}" = "$distance" ] || { echo "$1: not $first" >&2; exit 1; }
}

build() { # FOLDER CMAKE_OPTION...
  folder=$1
  shift
  cmake -S "$here" -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" "$@" >"$work/log" 2>&1 &&
    cmake --build "$folder" >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

for compiler; do
  prefix=$work/$(basename "$compiler")
  cmake -S "$root" -B "$prefix/library" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_INSTALL_PREFIX="$prefix/installed" \
    -DGEMEL_BUILD_TESTS=OFF -DGEMEL_BUILD_EXAMPLES=OFF -DGEMEL_BUILD_BENCHMARKS=OFF >"$work/log" 2>&1 &&
    cmake --install "$prefix/library" >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

  build "$prefix/found" -DCMAKE_PREFIX_PATH="$prefix/installed" -DCMAKE_BUILD_TYPE=Release
  check "$compiler, find_package" "$prefix/found/consumer"
  build "$prefix/within" -DGEMEL_SOURCE="$root"
  [ ! -e "$prefix/within/gemel/tests/test_core" ] || { echo "a parent project must not build the tests" >&2; exit 1; }
  check "$compiler, add_subdirectory" "$prefix/within/consumer"
  "$compiler" -std=c++20 -O2 -pthread -I "$root/include" -I "$(eigen_folder)" "$here/main.cpp" -o "$prefix/plain"
  check "$compiler, -I and Eigen alone" "$prefix/plain"
done
