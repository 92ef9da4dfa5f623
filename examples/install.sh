# Functions for quickstart.sh and the scripts of tests/:
# - `need PACKAGE...` (Debian's names) finds a compiler, prints the apt command for the missing packages, and runs it. If
#   it cannot install them, it prints which packages are missing and exits.
# - `configure FOLDER OPTION...` configures the project so that it builds quickly.
# - `quietly STEP COMMAND...` prints the step, runs a command, and shows its output only if the command fails.

# The compiler is $CXX if that is set, else g++ if it is version 12 or newer, else g++-12.
need() {
  if [ -n "${CXX:-}" ]; then
    install_missing "$@"
  else
    install_missing g++ "$@"
    CXX=g++
    if [ "$(g++ -dumpversion | cut -d. -f1)" -lt 12 ]; then
      install_missing g++-12
      CXX=g++-12
    fi
  fi
  export CXX
}

install_missing() {
  missing=
  for package; do
    has "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  if ! command -v apt-get >/dev/null || ! { [ -z "$as_root" ] || command -v sudo >/dev/null; }; then
    echo "Please install$missing (Debian's names for the packages), then run this again." >&2
    exit 1
  fi
  apt_get update
  # shellcheck disable=SC2086  # one word per package
  apt_get install -y --no-install-recommends $missing
}

apt_get() {
  quietly "+ ${as_root:+$as_root }apt-get $*" $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"
}

# Whether the content of a package is present, whether it was installed with apt or not.
has() {
  case $1 in
    libeigen3-dev) [ -e "$(eigen_folder)/Eigen/Core" ] ;;
    libcli11-dev) has_header CLI/CLI.hpp ;;
    nlohmann-json3-dev) has_header nlohmann/json.hpp ;;
    catch2) has_header catch2/catch.hpp || has_header catch2/catch_all.hpp ;;
    libbenchmark-dev) has_header benchmark/benchmark.h ;;
    zlib1g-dev) has_header zlib.h ;;
    g++-*-linux-gnu) command -v "${1#g++-}-g++" >/dev/null ;;
    qemu-user) command -v qemu-aarch64 >/dev/null ;;
    libclang-rt-dev) echo 'int main() {}' | clang++ -fsanitize=address -x c++ - -o /dev/null 2>/dev/null ;;
    gnuplot-nox) command -v gnuplot >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

has_header() {
  printf '#if !__has_include(<%s>)\n#error missing\n#endif\n' "$1" | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1
}

# The folder of Eigen's headers, for scripts that compile without CMake.
eigen_folder() {
  for folder in /usr/include/eigen3 /usr/local/include/eigen3 /opt/homebrew/include/eigen3; do
    if [ -e "$folder/Eigen/Core" ]; then
      echo "$folder"
      return
    fi
  done
  echo /usr/include
}

# The programs are compiled with -O1, in little more than half of the time that -O3 takes. They do most of their work in
# the kernels, which are compiled with -O3 in every build.
configure() { # FOLDER OPTION...
  folder=$1
  shift
  quietly "Configuring for $CXX ..." cmake -S "$root" -B "$folder" -DGEMEL_BUILD_EXAMPLES=ON \
    -DGEMEL_BUILD_BENCHMARKS=OFF '-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG' "$@"
}

quietly() {
  echo "$1"
  shift
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}

# The number of cores to use: CMake's variable, if it is set.
cores() { echo "${CMAKE_BUILD_PARALLEL_LEVEL:-$(all_cores)}"; }
all_cores() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }
