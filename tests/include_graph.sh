#!/bin/sh
# Checks what headers include. A room is a folder directly below include/gemel/; the folders in core/ are parts of core.
#   - The rooms have an order: core <- {data, network, metrics, loss, optimizer} <- callback <- training
#     <- verification <- {io, compiled}. A room includes only itself and rooms before it.
#   - The umbrella gemel.hpp includes every header outside io exactly once, and does nothing else. It leaves out those
#     that a program of many source files includes in one of them.
#   - Only io opens files, and only io needs more than Eigen.
#   - Every header includes core/compiler.hpp, directly or indirectly, so that a wrong compiler prints one sentence.
#   - A header has at most 400 lines, and a folder at most 26 files.
#   sh tests/include_graph.sh [FOLDER]      FOLDER contains gemel/; include/ by default
set -eu
cd "${1:-$(dirname "$0")/../include}"

headers=$(find gemel -name '*.hpp' -o -name '*.inl' | sort)
edges=$(mktemp)
trap 'rm -f "$edges"' EXIT
# shellcheck disable=SC2086  # one word per header
awk -v edges="$edges" '
  function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }
  function room(path,  part) { return split(path, part, "/") > 2 ? part[2] : "" }
  BEGIN {
    below["core"] = "core"
    below["data"] = "core data"
    below["network"] = "core network"
    below["metrics"] = "core metrics"
    below["loss"] = "core loss"
    below["optimizer"] = "core optimizer"
    below["callback"] = "core data network metrics loss optimizer callback"
    below["training"] = below["callback"] " training"
    below["verification"] = below["training"] " verification"
    below["io"] = below["verification"] " io"
    below["compiled"] = below["verification"] " compiled"
    for (i = 1; i < ARGC; ++i) known[ARGV[i]] = 1
  }
  FNR == 1 {
    here = room(FILENAME)
    if (here != "" && !(here in below)) complain("there is no room " here)
  }
  /^[ \t]*#[ \t]*include/ {
    name = $0
    sub(/^[^"<]*["<]/, "", name)
    sub(/[">].*/, "", name)
    if (name ~ /^gemel\//) {
      if ($0 !~ /"/) complain("include the library'\''s own headers with quotes")
      if (!(name in known)) complain(name " does not exist")
      print FILENAME, name > edges
      if (name != "gemel/version.hpp") asks[FILENAME] = 1
      there = room(name)
      if (FILENAME == "gemel/gemel.hpp") {
        ++held[name]
        if (there == "io") complain("the umbrella opens no file: " name)
      } else if (name == "gemel/gemel.hpp") {
        complain("the umbrella is for users")
      } else if (there != "" && index(" " below[here] " ", " " there " ") == 0) {
        complain(here " may not include " there ": " name)
      }
    } else if (here != "io" && (name == "fstream" || name == "filesystem" || name ~ /nlohmann|zlib/)) {
      complain("<" name "> is for io only")
    }
    next
  }
  FILENAME == "gemel/gemel.hpp" && NF > 0 && $1 != "#pragma" && $1 !~ /^\/\// { complain("the umbrella only includes") }
  END {
    for (name in known) {
      if (name ~ /hpp$/ && name !~ /\/(version|compiler)\.hpp$/ && !(name in asks)) {
        print name " does not include gemel/core/compiler.hpp, nor a header that does"
        bad = 1
      }
      if (name ~ /^gemel\/([a-z_]+\/)*[a-z0-9_]+\.hpp$/ && name != "gemel/gemel.hpp" && room(name) != "io" && name !~ /(kernel\/sets|kernel_extern|instances)\.hpp$/ && held[name] != 1) {
        print "gemel/gemel.hpp includes " name " " held[name] + 0 " times, not once"
        bad = 1
      }
    }
    exit bad
  }' $headers

# The sizes.
for header in $headers; do
  [ "$(wc -l <"$header")" -le 400 ] || { echo "$header has more than 400 lines"; exit 1; }
done
for folder in $(find gemel -type d); do
  files=$(find "$folder" -maxdepth 1 -type f | wc -l)
  [ "$files" -le 26 ] || { echo "$folder has $files files, more than 26"; exit 1; }
done

tsort "$edges" >/dev/null # fails, and prints the cycle, if includes form one
echo "$(echo "$headers" | wc -l) headers, $(wc -l <"$edges") includes among them, all in order"
