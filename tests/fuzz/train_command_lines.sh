#!/bin/sh
# Runs train on small data with random command lines: valid, invalid and hostile ones. None may change a file other than
# its outputs. command_lines.sh says what else must hold.
#   sh tests/fuzz/train_command_lines.sh PATH_OF_TRAIN [COUNT] [SEED]
set -u
export LC_ALL=C
. "$(dirname "$0")/command_lines.sh"
train=$1
count=${2:-1000}
seed=${3:-1}
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
mkdir "$files/in" "$files/out" "$files/nothing"
cd "$files" || exit 2

awk -v OFS=, 'BEGIN { print "a,b,class"; for (i = 0; i < 400; ++i) print i * 7919 % 31 + i % 5 * 20, i * 1047 % 37, i % 5 }' >in/good.csv
awk 'BEGIN { print "class,a,b"; for (i = 0; i < 90; ++i) print i % 3 ",", i * i % 17, 1 }' >in/spaces.csv
printf 'a,b,class\n1,2,x\n3,4,y\n' >in/tiny.csv
printf 'a,b,class\n1,nan,x\n' >in/nan.csv
: >in/empty.csv
cp in/good.csv 'in/$(touch hurt) `touch hurt` "'"'"'.csv'
awk 'BEGIN { printf "\\000\\000\\010\\002\\000\\000\\000\\170\\000\\000\\000\\002"; for (i = 0; i < 240; ++i) printf "\\%03o", i % 6 * 40 + i % 7 }' >in/codes
printf "$(cat in/codes)" >in/images
npy() {  # npy SHAPE: writes the header of a .npy file with values of one byte
  header="{'descr': '|u1', 'fortran_order': False, 'shape': $1, }"
  printf '\223NUMPY\001\000%b\000%s' "\\0$(printf %o ${#header})" "$header"
}
{ npy '(120, 2)'; tail -c 240 in/images; } >in/data.npy
awk 'BEGIN { printf "\\000\\000\\010\\001\\000\\000\\000\\170"; for (i = 0; i < 120; ++i) printf "\\%03o", i % 3 }' >in/codes
printf "$(cat in/codes)" >in/labels
{ npy '(120,)'; tail -c 120 in/labels; } >in/labels.npy
rm in/codes
ln -s good.csv in/link.csv
ln -s nowhere in/dangling
mkfifo out/pipe
printf old >out/old.json
ln -s ../in/good.csv out/input.json

# Writes one word per line, and an empty line after each command line. «empty» stands for the empty word.
awk -v seed="$seed" -v count="$count" '
  function pick(list,  words, n) {
    n = split(list, words, " ")
    return words[int(rand() * n) + 1]
  }
  function option(name, good, bad) {
    ++options
    names[options] = name
    right[options] = good
    wrong[options] = bad
  }
  BEGIN {
    srand(seed)
    junk = "«empty» x -1 -- nan inf -inf 1e999 1e-999 99999999999999999999 0x10 1,2 last: \\ %s%n ; --quiet `touch␣hurt` $(touch␣hurt)"
    places = "out/pipe /dev/null /dev/full in out/missing/x"
    inputs = " in/good.csv in/link.csv out/input.json in/../in/good.csv"
    option("--data", "in/good.csv in/spaces.csv in/link.csv", "in/tiny.csv in/nan.csv in/empty.csv in in/labels in/data.npy /dev/null in/missing")
    option("--data", "in/$(touch␣hurt)␣`touch␣hurt`␣\"'\''.csv", "in/dangling")
    option("--label", "class 2 a", "nothing 7 -1")
    option("--images", "in/images", "in/labels in/good.csv in/missing")
    option("--labels", "in/labels in/labels.npy", "in/images in/missing")
    option("--test-data", "in/good.csv in/link.csv", "in/tiny.csv in/spaces.csv in/data.npy")
    option("--test-images", "in/images", "in/labels")
    option("--test-labels", "in/labels in/labels.npy", "in/images")
    option("--test-fraction", "0.1 0.25 0.3 0.9", "0 1 1e-9 0.999999")
    option("--split", "samples classes", "class")
    option("--scale", "auto unit standardise none", "AUTO")
    option("--recipe", "classes tutorial", "keras")
    option("--pairs", "classes balanced consecutive", "all")
    option("--batch-classes", "1 2 3", "0 1000001 1.5")
    option("--batch-samples", "1 2 20", "0 1000001 1.5")
    option("--augment", "none image:2x1 image:2x2", "image image:0x4 2x2")
    option("--whiten", "none pca within pca:1 within:1", "pca:0 within:9 all")
    option("--noise", "0 0.1 100", "-1 1e39")
    option("--ensemble", "1 2", "0 101 1.5")
    option("--pairs-per-sample", "1 3 10", "0 1000001 1.5")
    option("--validation", "0.1 0.4 last:20 last:1", "last:0 last:99999999999999999999 last:5000 0 1")
    option("--test-pairs", "all consecutive", "some")
    option("--hidden", "1 4,4 16,8,4 3,3,3,3,3,3", "4,,4 ,4 4, 0 4,x 1000001")
    option("--activation", "relu leaky-relu tanh sigmoid linear", "none")
    option("--last-activation", "relu leaky-relu tanh sigmoid linear", "none")
    option("--dropout", "0 0.1 0.9", "1 -0.1")
    option("--normalize", "", "7")
    option("--no-normalize", "", "7")
    option("--distance", "euclidean squared-euclidean manhattan cosine", "l2")
    option("--loss", "contrastive hadsell positive-margin online-hard unsquared nonzero", "hard")
    option("--margin", "1 0.1 10 1e-30 1e30", "0 -1")
    option("--positive-margin", "0 0.1", "2 1e300")
    option("--optimizer", "rmsprop sgd adam adamw amsgrad", "lion")
    option("--learning-rate", "0.001 0.1 1e-30 1 1e30", "0 1e400")
    option("--schedule", "constant exponential cosine warmup-cosine", "linear")
    option("--epochs", "1 2 3", "0 1000001 1.5")
    option("--batch", "1 7 32 1000000", "0 1000001")
    option("--threads", "0 1 2", "1025")
    option("--seed", "0 1 18446744073709551615", "18446744073709551616 -1")
    option("--threshold", "far eer accuracy", "best")
    option("--far", "0.01 0.2 0.5", "0 1 1e-9")
    option("--json", "out/new.json out/old.json", places)
    json = options
    option("--save", "out/new.model out/old.json", places)
    option("--checkpoint", "out/new.checkpoint out/old.json", places)
    option("--checkpoint-every", "1 2 1000000", "0 1.5")
    option("--resume", "out/new.checkpoint", "out/old.json out/new.model out/pipe in/good.csv in/missing")
    option("--report", "out/report out/a/b/c", "out/pipe /dev/null out/pipe/x in/good.csv")
    option("--quiet", "", "7")
    option("--help", "", "")
    option("stray", "", "")
    option("-x", "", "1")
    option("--nothing", "", "1")
    for (line = 0; line < count; ++line) {
      text = "--quiet"
      wrong[json] = wrong[json + 1] = wrong[json + 2] = places
      if (rand() < 0.8) {
        text = text "\n--data\n" (rand() < 0.8 ? "in/good.csv" : "in/data.npy\n--labels\nin/labels.npy")
        wrong[json] = wrong[json + 1] = wrong[json + 2] = places inputs
      }
      if (rand() < 0.7) text = text "\n--epochs\n1"
      if (rand() < 0.7) text = text "\n--hidden\n4"
      for (n = int(rand() * 6); n > 0; --n) {
        # The last options are chosen less often: --help, and words that are not options.
        chosen = int(rand() * (rand() < 0.1 ? options : options - 4)) + 1
        kind = rand()
        value = kind < 0.75 ? pick(right[chosen]) : kind < 0.9 || names[chosen] ~ /json|report|save|checkpoint|resume/ ? pick(wrong[chosen]) : pick(junk)
        if (value == "" && kind < 0.98) text = text "\n" names[chosen]
        else if (kind >= 0.98) text = text "\n" names[chosen] "="
        else if (rand() < 0.2) text = text "\n" names[chosen] "=" value
        else text = text "\n" names[chosen] "\n" value
      }
      gsub(/␣/, " ", text)
      print text "\n"
    }
  }' >lines

run_command_lines train "$train" "$count" 0
