#!/bin/sh
# Builds the tutorial of the README in each way in which users include the library: installed into an empty prefix and
# found with find_package, with add_subdirectory, with -I and Eigen alone, and in a project that provides its own Eigen.
# Checks that the installed package rejects unknown components and old versions of Eigen with a clear message.
#   sh tests/consumer/run.sh [COMPILER]...      default: g++ and, if installed, clang++
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/examples/install.sh"
[ $# -gt 0 ] || set -- g++ $(command -v clang++ || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Checks that the program's last line is a finite distance, the same for every build.
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

configure() { # FOLDER CMAKE_OPTION...
  folder=$1
  shift
  cmake -S "$here" -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" "$@" >"$work/log" 2>&1
}

rejected() { # SENTENCE CMAKE_OPTION...
  sentence=$1
  shift
  rm -rf "$work/rejected"
  if configure "$work/rejected" "$@"; then
    echo "configured, but should have been rejected: $*" >&2
    exit 1
  fi
  tr -s ' \n' ' ' <"$work/log" | grep -q "$sentence" || { cat "$work/log" >&2; exit 1; }
  echo "rejected: $sentence"
}

for compiler; do
  prefix=$work/$(basename "$compiler")
  cmake -S "$root" -B "$prefix/library" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_INSTALL_PREFIX="$prefix/installed" \
    -DGEMEL_BUILD_TESTS=OFF -DGEMEL_BUILD_EXAMPLES=OFF -DGEMEL_BUILD_BENCHMARKS=OFF >"$work/log" 2>&1 &&
    cmake --install "$prefix/library" >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

  build "$prefix/found" -DCMAKE_PREFIX_PATH="$prefix/installed"
  check "$compiler, find_package" "$prefix/found/consumer"
  [ ! -e "$prefix/found/consumer_io" ] || { echo "gemel::io is there, though nobody asked for it" >&2; exit 1; }
  configure "$prefix/found-io" -DCMAKE_PREFIX_PATH="$prefix/installed" -DCOMPONENTS=io &&
    cmake --build "$prefix/found-io" --target consumer_io >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  "$prefix/found-io/consumer_io"
  echo "$compiler, find_package with the component io: tensors are read back"
  configure "$prefix/found-compiled" -DCMAKE_PREFIX_PATH="$prefix/installed" -DCOMPONENTS=compiled &&
    cmake --build "$prefix/found-compiled" --target consumer_compiled consumer_other_layout >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  check "$compiler, find_package with the component compiled" "$prefix/found-compiled/consumer_compiled"
  check "$compiler, gemel::compiled, strings of another layout" "$prefix/found-compiled/consumer_other_layout"
  # Eigen allocates with malloc, in a way that depends on flags such as -mavx, which the project may have set.
  if nm -A --undefined-only "$prefix"/found-compiled/libgemel_compiled.a | grep -w -e malloc -e free -e posix_memalign; then
    echo "gemel::compiled allocates or frees Eigen's matrices: see compiled/list.inl" >&2
    exit 1
  fi
  build "$prefix/within" -DGEMEL_SOURCE="$root"
  [ ! -e "$prefix/within/gemel/tests/test_core" ] || { echo "a parent project must not build the tests" >&2; exit 1; }
  check "$compiler, add_subdirectory" "$prefix/within/consumer"
  "$prefix/within/consumer_io"
  cmake --build "$prefix/within" --target consumer_compiled >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  check "$compiler, add_subdirectory, gemel::compiled" "$prefix/within/consumer_compiled"
  "$compiler" -std=c++20 -O3 -pthread -I "$root/include" -isystem "$(eigen_folder)" -Wall -Wextra -Wsign-conversion -Werror \
    "$here/main.cpp" "$here/reading.cpp" -o "$prefix/plain"
  check "$compiler, -I and Eigen alone" "$prefix/plain"
done

# One Eigen that the project provides, whose version CMake does not know, and one that is too old.
mkdir -p "$work/eigen" "$work/old"
cat >"$work/eigen/CMakeLists.txt" <<END
add_library(eigen INTERFACE)
add_library(Eigen3::Eigen ALIAS eigen)
target_include_directories(eigen SYSTEM INTERFACE "$(eigen_folder)")
END
echo 'add_library(Eigen3::Eigen INTERFACE IMPORTED)' >"$work/old/Eigen3Config.cmake"
echo 'set(PACKAGE_VERSION 3.3.9)' >"$work/old/Eigen3ConfigVersion.cmake"
nowhere="-DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON"

configure "$work/fetched" -DGEMEL_SOURCE="$root" -DEIGEN_SOURCE="$work/eigen" $nowhere &&
  cmake --build "$work/fetched" --target consumer >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
check "$compiler, Eigen by FetchContent" "$work/fetched/consumer"
configure "$work/fetched-installed" -DCMAKE_PREFIX_PATH="$prefix/installed" -DEIGEN_SOURCE="$work/eigen" $nowhere ||
  { cat "$work/log" >&2; exit 1; }
if cmake --help-module FetchContent | grep -q OVERRIDE_FIND_PACKAGE; then
  configure "$work/overridden" -DGEMEL_SOURCE="$root" -DEIGEN_SOURCE="$work/eigen" -DEIGEN_OVERRIDES=ON ||
    { cat "$work/log" >&2; exit 1; }
fi
rejected "gemel has no component 'nonsense', only 'io' and 'compiled'" -DCMAKE_PREFIX_PATH="$prefix/installed" -DCOMPONENTS=nonsense
rejected "gemel's component 'io', which reads and writes models, needs nlohmann_json, which was not found" \
  -DCMAKE_PREFIX_PATH="$prefix/installed" -DCOMPONENTS=io -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON
configure "$work/without-json" -DGEMEL_SOURCE="$root" -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON &&
  grep -q "nlohmann_json is not here, so there is no gemel::io" "$work/log" || { cat "$work/log" >&2; exit 1; }
rejected "gemel needs Eigen 3.4 or newer; found 3.3.9" -DCMAKE_PREFIX_PATH="$prefix/installed" -DEigen3_DIR="$work/old"
rejected "gemel needs Eigen 3.4 or newer; found 3.3.9" -DGEMEL_SOURCE="$root" -DEigen3_DIR="$work/old"
