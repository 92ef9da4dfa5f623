#!/bin/sh
# Builds the tests for another architecture with Debian's cross compiler and runs them under qemu-user. The tests expect
# the same bits as on x86-64. The script needs Debian on x86-64. Libraries for the architecture are unpacked below
# build/, so apart from the compiler and the emulator nothing is installed. aarch64.sh and s390x.sh source this script,
# after they set
#   machine        GCC's name of the architecture,
#   debian         Debian's name of it,
#   targets        the CMake targets to build,
#   $@             ctest's options.
# These tests are left out: those of train (a script starts it, without the emulator), those that do not depend on the
# architecture, and those of another architecture's kernels.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/install.sh"

# Downloads Debian packages for the architecture. apt runs as if only this architecture existed and nothing were
# installed.
fetch_libraries() { # FOLDER PACKAGE...
  folder=$1
  shift
  rm -rf "$folder"
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  cd "$folder/apt"
  apt_for_it update
  apt_for_it download "$@"
  apt_for_it download libcatch2-dev || true # the package of Catch2 in Debian 13
  for package in *.deb; do dpkg-deb --extract "$package" "$folder"; done
}
apt_for_it() {
  apt-get -q -o APT::Architecture="$debian" -o APT::Architectures="$debian" -o APT::Sandbox::User="$(id -un)" \
    -o Dir::State="$folder/apt" -o Dir::State::status=/dev/null -o Dir::Cache="$folder/apt/cache" "$@"
}

install_missing "g++-$machine-linux-gnu" qemu-user cmake make libeigen3-dev
build=$root/build/tests-$machine
libraries=$build/libraries
packages="libeigen3-dev catch2 nlohmann-json3-dev zlib1g-dev"
# shellcheck disable=SC2086  # one word per package
[ -e "$libraries/usr/include/zlib.h" ] ||
  quietly "Fetching $packages for $machine ..." fetch_libraries "$libraries" $packages
quietly "Configuring for $machine ..." cmake -S "$root" -B "$build" \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$machine" -DCMAKE_CXX_COMPILER="$machine-linux-gnu-g++" \
  "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-$machine;-L;/usr/$machine-linux-gnu" \
  -DCMAKE_FIND_ROOT_PATH="$libraries" -DCMAKE_CXX_LIBRARY_ARCHITECTURE="$machine-linux-gnu" \
  -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
  -DZLIB_LIBRARY="$libraries/usr/lib/$machine-linux-gnu/libz.a" \
  -DGEMEL_BUILD_TESTS=ON -DGEMEL_BUILD_EXAMPLES=AUTO -DGEMEL_BUILD_BENCHMARKS=OFF
# shellcheck disable=SC2086  # one word per target
quietly "Building the tests, some minutes ..." cmake --build "$build" --parallel "$(cores)" \
  --target $targets
echo "Running the tests ..."
ctest --test-dir "$build" --parallel "$(cores)" --output-on-failure \
  -E '^(consumer|what must not compile|include graph|core/kernel/packet/avx512)$' "$@"
