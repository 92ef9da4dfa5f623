#!/bin/sh
# Runs verify with random command lines: valid, invalid and hostile ones. None may change a file other than its outputs
# and, with enrol and forget, the model. command_lines.sh says what else must hold.
#   sh tests/fuzz/verify_command_lines.sh PATH_OF_TRAIN PATH_OF_VERIFY [COUNT] [SEED]
set -u
export LC_ALL=C
. "$(dirname "$0")/command_lines.sh"
train=$1
verify=$2
count=${3:-1000}
seed=${4:-1}
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
mkdir "$files/in" "$files/out" "$files/nothing"
cd "$files" || exit 2

awk -v OFS=, 'BEGIN { print "a,b,class"; for (i = 0; i < 400; ++i) print i * 7919 % 31 + i % 5 * 20, i * 1047 % 37, i % 5 }' >in/good.csv
"$train" --quiet --data in/good.csv --epochs 1 --hidden 4 --save in/model >/dev/null || exit 2
sed 6q in/good.csv >in/few.csv
awk -F, -v OFS=, 'NR < 9 { print $3, $2, $1 }' in/good.csv >in/reordered.csv
awk -F, -v OFS=, '{ print $1 }' in/good.csv >in/missing_column.csv
sed 's/^a,b/a,c/' in/few.csv >in/other_names.csv
printf 'a,b\n1,nan\n' >in/nan.csv
printf '0,1\n2,3\n' >in/pairs.csv
printf '0,400\n-1,x\n' >in/wrong_pairs.csv
: >in/empty.csv
cp in/few.csv 'in/$(touch hurt) `touch hurt` "'"'"'.csv'
awk '{ print substr($0, 1, 1000) }' in/model >in/damaged
mkfifo in/pipe out/pipe
printf old >out/old.json
cp in/model out/gallery

# Writes one word per line, and an empty line after each command line.
awk -v seed="$seed" -v count="$count" '
  function pick(list,  words, n) {
    n = split(list, words, " ")
    return words[int(rand() * n) + 1]
  }
  # A good word, or sometimes a bad one or junk.
  function word(good, bad,  kind) {
    kind = rand()
    return "\n" (kind < 0.85 ? pick(good) : kind < 0.95 ? pick(bad) : pick(junk))
  }
  # The same for an output: junk would be a fine name of a new file.
  function output(good, bad) { return "\n" (rand() < 0.85 ? pick(good) : pick(bad)) }
  BEGIN {
    srand(seed)
    junk = "«empty» x -1 -- nan inf 1e999 99999999999999999999 0x10 last: \\ %s%n ; --info `touch␣hurt` $(touch␣hurt)"
    good = "in/few.csv in/good.csv in/reordered.csv in/$(touch␣hurt)␣`touch␣hurt`␣\"'\''.csv"
    bad = "in/missing_column.csv in/other_names.csv in/nan.csv in/empty.csv in in/model in/missing /dev/null"
    bad_model = "in/damaged in/good.csv in in/missing /dev/null in/empty.csv"
    names = "Ada Bob Ada␣B. Ädä $(touch␣hurt) `touch␣hurt` -- ../x \\ %s%n"
    for (line = 0; line < count; ++line) {
      task = int(rand() * 9)
      text = ""
      if (task == 0) text = text "in/model" word(good, bad) word(good, bad)
      if (task == 1) text = text "in/model" word(good, bad) word("0 1 4", "-1 400 1.5") word("0 1 4", "-1 400")
      if (task == 2) text = text "in/model" word(good, bad) "\n--pairs" word("in/pairs.csv", "in/wrong_pairs.csv in/empty.csv in/missing")
      if (task == 3) text = text "--info" word("in/model out/gallery", bad_model)
      if (task == 4) text = text "--embed" word("in/model out/gallery", bad_model) word(good, bad) "\n--output" output("out/e.npy", "out/pipe in out/missing/x /dev/full")
      if (task == 5) text = text "enrol" word("out/gallery", bad_model) word(names, names) word(good, bad)
      if (task == 6) text = text "claim" word("out/gallery", bad_model) word(names, names) word(good, bad)
      if (task == 7) text = text "identify" word("out/gallery", bad_model) word(good, bad)
      if (task == 8) text = text "forget" word("out/gallery", bad_model) word(names, names)
      if (task < 3 || task == 6 || task == 7) {
        if (rand() < 0.3) text = text "\n--json" output("out/new.json out/old.json", "out/pipe in out/missing/x /dev/full")
      }
      if (task == 7 && rand() < 0.5) text = text "\n--fpir" word("0.01 0.1 0.5", "0 1 -1")
      if (rand() < 0.1) text = text "\n--separator" word(",", ",, x")
      if (rand() < 0.1) text = text "\n--header" word("auto", "maybe")
      if (rand() < 0.05) text = text word("stray", "--nothing -x --help --info --embed --quiet")
      if (rand() < 0.03) text = substr(text, 1, match(text, /\n[^\n]*$/) - 1)
      gsub(/␣/, " ", text)
      print text "\n"
    }
  }' >lines

run_command_lines verify "$verify" "$count" 01
