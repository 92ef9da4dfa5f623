#!/bin/sh
# Checks that no inner loop of a kernel keeps a sum on the stack. A compiler that runs out of registers gives no
# warning, and the kernel is then half as fast. To prove that spills are detected, the script also compiles tiles that
# are too large for the registers, and checks that their spills are found.
#   sh tests/spills/run.sh [COMPILER]      g++ by default; for x86-64 or aarch64
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../examples/install.sh"
compiler=${1:-g++}
need libeigen3-dev && "$compiler" --version >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $("$compiler" -dumpmachine) in
  x86_64*) sets='avx512 avx2' ;;
  aarch64*) sets=portable ;;
  *) echo "spills.awk does not know this machine's assembly" && exit 0 ;;
esac

# INCLUDE-FOLDER REPORT [OPTION]...
report() {
  include=$1 report=$2
  shift 2
  "$compiler" -std=c++20 -O3 -S -I "$include" -isystem "$(eigen_folder)" "$@" "$here/kernels.cpp" -o "$work/kernels.s"
  awk -f "$here/spills.awk" "$work/kernels.s" >"$report"
}
spills() { grep -v 'inner loops$' "$1"; }

report "$here/../../include" "$work/found"
bad=0
if spills "$work/found" >"$work/spills"; then
  echo "these inner loops spill:" && c++filt <"$work/spills"
  bad=1
fi

cp -r "$here/../../include" "$work/planted"
sed -i 's/tile_cols = [0-9]*;/tile_cols = 10;/' "$work"/planted/gemel/core/kernel/packet/*.inl
report "$work/planted" "$work/planted.found" -DFEW
for set in $sets; do
  grep "^$set:" "$work/found" || { echo "$set: no inner loop found" && bad=1; }
  spills "$work/planted.found" | grep -q "$set" || { echo "$set: tiles of 10 columns spill, but are not found" && bad=1; }
done
exit $bad
