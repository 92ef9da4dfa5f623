#!/bin/sh
# Builds the tests for aarch64 by Debian's cross compiler and runs them under qemu-user. The bits that they hold are those
# of x86-64. Needs Debian on x86-64; the libraries for aarch64 are unpacked below build/, the system keeps its own.
#   sh tests/aarch64.sh [OPTION]...      the options are ctest's own
# Left out: train, which a script starts, and what does not depend on the machine.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/install.sh"

# Debian's packages for aarch64, by an apt that knows no other architecture and nothing of what is installed.
fetch_libraries() { # FOLDER PACKAGE...
  folder=$1
  shift
  rm -rf "$folder"
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  cd "$folder/apt"
  apt_for_aarch64 update
  apt_for_aarch64 download "$@"
  apt_for_aarch64 download libcatch2-dev || true # where Debian 13 keeps Catch2
  for package in *.deb; do dpkg-deb --extract "$package" "$folder"; done
}
apt_for_aarch64() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User="$(id -un)" \
    -o Dir::State="$folder/apt" -o Dir::State::status=/dev/null -o Dir::Cache="$folder/apt/cache" "$@"
}

install_missing g++-aarch64-linux-gnu qemu-user cmake make libeigen3-dev
build=$root/build/tests-aarch64
libraries=$build/libraries
packages="libeigen3-dev catch2 nlohmann-json3-dev zlib1g-dev"
# shellcheck disable=SC2086  # one word a package
[ -e "$libraries/usr/include/zlib.h" ] ||
  quietly "Fetching $packages for aarch64 ..." fetch_libraries "$libraries" $packages
quietly "Configuring for aarch64 ..." cmake -S "$root" -B "$build" \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu" \
  -DCMAKE_FIND_ROOT_PATH="$libraries" -DCMAKE_CXX_LIBRARY_ARCHITECTURE=aarch64-linux-gnu \
  -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
  -DZLIB_LIBRARY="$libraries/usr/lib/aarch64-linux-gnu/libz.a" \
  -DGEMEL_BUILD_TESTS=ON -DGEMEL_BUILD_EXAMPLES=AUTO -DGEMEL_BUILD_BENCHMARKS=OFF
quietly "Building the tests, some minutes ..." cmake --build "$build" --parallel "$(cores)"
echo "Running the tests ..."
ctest --test-dir "$build" --parallel "$(cores)" --output-on-failure \
  -E '^(consumer|what must not compile|include graph)$' "$@"
