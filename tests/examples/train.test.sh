#!/bin/sh
# Tests the program train: what it must do, and what it must reject. Each call of `refuses` must end with exit code 2
# and one sentence on stderr that contains the given words.
#   sh tests/examples/train.test.sh PATH_OF_TRAIN
set -u
train=$1
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
bad=0

refuses() {  # refuses WORDS OPTION...
  words=$1
  shift
  timeout 60 "$train" --quiet --epochs 1 "$@" >"$files/stdout" 2>"$files/stderr"
  code=$?
  # If the training itself fails, the line about the data comes before.
  grep -q 'epoch [0-9]' "$files/stderr" && : >"$files/stdout"
  if [ $code != 2 ] || [ -s "$files/stdout" ] || [ "$(wc -l <"$files/stderr")" != 1 ] ||
    ! grep -qF -e "$words" "$files/stderr"; then
    echo "train $*: exit code $code, expected 2 and one sentence with '$words' and no output, but it said:"
    cat "$files/stdout" "$files/stderr"
    bad=1
  fi
}

fails() {
  echo "$1" && bad=1
}

idx() {  # idx FILE COUNT BYTES...: an IDX file of COUNT x 2 bytes, or COUNT with one byte per value
  printf '%b' "$2" >"$files/$1"
}

npy() {  # npy FILE TYPE SHAPE BYTES: a .npy file in C order; its header has fewer than 256 bytes
  header="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
  printf '\223NUMPY\001\000%b\000%s%b' "\\0$(printf %o ${#header})" "$header" "$4" >"$files/$1"
}

people() {  # people CLASSES SAMPLES [FORMAT]: CSV with so many samples of each class, six features about its centre
  awk -v classes="$1" -v samples="$2" -v format="${3:-%.3f}" '
    function uniform() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
    BEGIN {
      seed = 42
      print "name,a,b,c,d,e,f"
      for (c = 0; c < classes; ++c) for (f = 0; f < 6; ++f) centre[c, f] = 10 * uniform()
      for (i = 0; i < samples; ++i) {
        for (c = 0; c < classes; ++c) {
          printf "person %d", c
          for (f = 0; f < 6; ++f) printf "," format, 4 * (centre[c, f] - 5) + 8 * uniform()
          print ""
        }
      }
    }'
}

printf 'a,b,class\n1,2,x\n3,4,x\n5,6,y\n' >"$files/small.csv"
printf 'a,b,class\n1,2,x\n3,oops,y\n' >"$files/word.csv"
printf 'a,b,class\n1,2,x\n3,nan,y\n' >"$files/nan.csv"
printf 'a,b,class\n1,2,x\n3,-inf,y\n' >"$files/inf.csv"
printf 'a,b,class\n1,2,x\n3,4\n' >"$files/ragged.csv"
printf 'a,b,class\n' >"$files/names.csv"
printf 'a;b;class\n1;2;x\n3,5;4;x\n' >"$files/decimal_comma.csv"
printf 'a,b;class\n1,2;x\n' >"$files/two_separators.csv"
printf 'a b class\n1 2 x\n' >"$files/blanks.csv"
printf '2019,2020,label\n1,2,cat\n3,4,dog\n' >"$files/years.csv"
printf 'class,a,b\nx,1,2\nx,3,4\ny,5,6\n' >"$files/class_first.csv"
printf 'a,b,class\r1,2,x\r3,4,x\r' >"$files/macintosh.csv"
printf '\0377\0376a\0000' >"$files/utf16.csv"
printf 'a,b,class\n1,2,x\n3,4,x\0000y\n' >"$files/zero_byte.csv"
printf 'a,b,class\n1,2,1\n3,4,1.0\n' >"$files/two_ways.csv"
: >"$files/empty.csv"
{ echo a,b,class; for i in $(seq 100); do echo "$i,$((i * i)),x"; done; } >"$files/one_class.csv"
{ echo a,b,class; for i in $(seq 100); do echo "$i,$((i * i)),$i"; done; } >"$files/all_classes.csv"
{ echo a,b,class; for i in $(seq 200); do echo "$i,$((i * i)),$((i % 2))"; done; } >"$files/two_classes.csv"
{ echo a,b,class; for i in $(seq 200); do echo "$i,$((i * i)),$((i % 2))"; [ $((i % 20)) = 0 ] && echo ",$i,0"; done; } >"$files/missing.csv"
{ echo b,class,a; for i in $(seq 200); do echo "$((i * i)),$((i % 2)),$i"; done; } >"$files/reordered.csv"
sed 1d "$files/two_classes.csv" >"$files/no_names.csv"
cut -d, -f1,3 "$files/no_names.csv" >"$files/no_names_one_feature.csv"
sed 1s/a/c/ "$files/two_classes.csv" >"$files/other_name.csv"
sed 1s/a/b/ "$files/two_classes.csv" >"$files/twice.csv"
{ echo a,class; for i in $(seq 200); do echo "$i,$((i % 2))"; done; } >"$files/one_feature.csv"
idx images '\0000\0000\0010\0002\0000\0000\0000\0002\0000\0000\0000\0002\0001\0002\0003\0004'
idx labels '\0000\0000\0010\0001\0000\0000\0000\0002\0000\0001'
idx sevens '\0000\0000\0010\0001\0000\0000\0000\0002\0007\0007'
idx three_labels '\0000\0000\0010\0001\0000\0000\0000\0003\0000\0001\0000'
idx more_images '\0000\0000\0010\0002\0000\0000\0000\0002\0000\0000\0000\0003\0001\0002\0003\0004\0005\0006'
idx cut '\0000\0000\0010\0002\0000\0000\0000\0002\0000\0000\0000\0002\0001\0002\0003'
npy two.npy '|u1' '(2, 2)' '\0001\0002\0003\0004'
npy two_labels.npy '<i2' '(2,)' '\0000\0000\0001\0000'
npy three_labels.npy '|u1' '(3,)' '\0000\0001\0000'
npy sevens.npy '|u1' '(2,)' '\0007\0007'
npy half_labels.npy '<f4' '(2,)' '\0000\0000\0000\0077\0000\0000\0000\0000'
npy cut.npy '|u1' '(2, 2)' '\0001\0002\0003'
npy empty.npy '|u1' '(0, 2)' ''
npy nan.npy '<f4' '(2, 1)' '\0000\0000\0000\0000\0000\0000\0300\0177'
npy inf.npy '<f4' '(2, 1)' '\0000\0000\0000\0000\0000\0000\0200\0177'
npy objects.npy '|O' '(2, 2)' 'pickled'
printf 'PK\003\004archive' >"$files/arrays.npz"
mkdir "$files/folder"
people 8 12 >"$files/people.csv"
people 1000 4 >"$files/many.csv"
people 2 12 >"$files/two_people.csv"
{ cat "$files/people.csv" && echo lonely,1,2,3,4,5,6; } >"$files/lonely.csv"
people 2 2 >"$files/four.csv"
people 3 4 >"$files/three_fours.csv"
people 8 3 >"$files/threes.csv"
people 8 12 %.3fe-5 >"$files/fine.csv"
{ cat "$files/fine.csv" && echo 'person 0,3e38,1,1,1,1,1'; } >"$files/coarse.csv"
{ echo a,class; for i in $(seq 40); do echo "14.62,$((i % 2))"; done; } >"$files/constant.csv"
# Ten rooms, each with every person once or twice.
awk -F, -v OFS=, '{ print (NR == 1 ? "room" : "room " int((NR - 2) / 10)), $0 }' "$files/people.csv" >"$files/rooms.csv"

# Runs whose figures do not matter use people.csv: the digits take much longer, above all with a sanitizer.

# Options that do not exist, or do not accept these values.
refuses --colour --colour blue
refuses stray stray
for option in --test-fraction --dropout --margin --positive-margin --noise --learning-rate --far; do
  for value in nan inf -1 x ''; do refuses "$option: '$value'" $option "$value"; done
done
for option in --pairs-per-sample --batch-classes --batch-samples --ensemble --hidden --epochs --batch --checkpoint-every; do
  for value in 0 -1 1.5 1e3 x 99999999999999999999; do refuses "$option: '$value'" $option $value; done
done
refuses "--threads: '-1'" --threads -1
refuses "--seed: '-1'" --seed -1
refuses "--hidden: 'x'" --hidden 128,x
for option in --split --scale --recipe --pairs --test-pairs --activation --last-activation --distance --loss --optimizer --schedule --threshold; do
  refuses "$option: 'odd' is none of" $option odd
  refuses "$option" $option
done
for value in odd image image: image:8 image:8x image:8x1 image:0x8 image:8x8x8 image:-8x8 ''; do refuses "--augment: '$value'" --augment "$value"; done
for value in odd pca: within:0 within:x none:3 pca:-1 ''; do refuses "--whiten: '$value'" --whiten "$value"; done
for option in --header --missing; do refuses "$option: 'odd' is none of" --data "$files/small.csv" $option odd; done
for value in e . 3 '"' ' ' '' ,, é; do refuses "--separator: '$value'" --data "$files/small.csv" --separator "$value"; done
for option in "--header no" "--missing refuse" "--separator ;"; do refuses --data $option; done  # each is two words
refuses "--hidden: ''" --hidden ""
for value in 4,,4 ,4 4, ,; do refuses "--hidden: ''" --hidden $value; done
for option in --data --label --group --images --labels --test-data --test-images --test-labels --json --report --save \
  --checkpoint --resume; do
  refuses "$option: '' is empty" $option ""
  refuses "$option: '' is empty" $option=
done
for option in --data --json --report --save --checkpoint --resume; do
  refuses "$option: '--quiet' is not a value" $option --quiet
  refuses "$option: '-' is not a value" $option -
done
for value in last: last:0 last:x 0 1 nan first:3; do refuses "--validation: '$value'" --validation $value; done
refuses "less than the margin" --loss positive-margin --positive-margin 2
refuses "less than the margin" --positive-margin 2
refuses "--positive-margin is 0.3, but must be less than the margin: --margin is 0.2" --loss positive-margin \
  --margin 0.2
refuses "--margin" --margin 1 --margin 2

# Options that would have no effect.
refuses "--test-fraction has no effect with --test-data" \
  --test-fraction 0.5 --data "$files/two_classes.csv" --test-data "$files/two_classes.csv"
refuses "--test-fraction has no effect with --test-images" --test-fraction 0.5 \
  --images "$files/images" --labels "$files/labels" --test-images "$files/images" --test-labels "$files/labels"
for loss in contrastive hadsell online-hard; do
  refuses "--positive-margin has no effect with --loss $loss" --positive-margin 0.1 --loss $loss
done
refuses "--positive-margin has no effect with --loss contrastive" --recipe tutorial --positive-margin 0.1
for rule in eer accuracy; do refuses "--far has no effect with --threshold $rule" --far 0.1 --threshold $rule; done
refuses "--group has no effect with --split classes" --group room --data "$files/rooms.csv" --split classes
refuses "--pairs-per-sample has no effect with --pairs consecutive" --pairs-per-sample 4 --pairs consecutive
refuses "--batch has no effect with --pairs classes" --batch 32 --pairs classes
refuses "--pairs-per-sample has no effect with --pairs classes" --pairs-per-sample 4 --pairs classes
for option in --batch-classes --batch-samples; do
  refuses "$option has no effect with --pairs balanced" $option 2 --pairs balanced
  refuses "$option has no effect with --pairs balanced" $option 2 --recipe tutorial
done
refuses "--batch-classes is 9, but the training samples are of 8 classes" --batch-classes 9 --data "$files/people.csv" --label name
refuses "since all their pairs are compared" --batch-samples 1000
refuses "an image of 8 x 9, so 72 pixels, but the samples have 64 features" --augment image:8x9
refuses "an image of 2 x 2, so 4 pixels, but the samples have 6 features" --augment image:2x2 --data "$files/people.csv" --label name
refuses "--whiten: " --whiten within:7 --data "$files/people.csv" --label name
refuses "--dropout has no effect with one layer" --dropout 0.1 --hidden 4
refuses "--activation has no effect with one layer" --activation tanh --hidden 4
refuses "--checkpoint-every has no effect with --epochs 1" --checkpoint "$files/x.checkpoint" --checkpoint-every 2

# Files that do not fit together, do not exist, or have the wrong content.
refuses --labels --images "$files/images"
refuses --images --labels "$files/labels"
refuses --data --test-data "$files/small.csv"
refuses --images --data "$files/small.csv" --images "$files/images" --labels "$files/labels"
refuses --images --test-images "$files/images" --test-labels "$files/labels"
refuses "no such file" --data "$files/nowhere.csv"
refuses "directory" --data "$files/folder"
refuses "empty" --data "$files/empty.csv"
refuses "no rows" --data "$files/names.csv"
refuses "line 3, column 'b'" --data "$files/word.csv"
refuses "line 3, column 'b'" --data "$files/nan.csv"
refuses "line 3, column 'b'" --data "$files/inf.csv"
refuses "line 3" --data "$files/ragged.csv"
refuses "'size'" --data "$files/small.csv" --label size
refuses "number 7" --data "$files/small.csv" --label 7
refuses "no column has the name 'size'" --data "$files/rooms.csv" --label name --group size
refuses "cannot hold both the label and the group: set their columns with --label and --group" --data "$files/small.csv" --group class
refuses --data --group room
refuses --group --images "$files/images" --labels "$files/labels" --group 0
refuses "no column has the name 'room'" --data "$files/rooms.csv" --label name --group room --test-data "$files/people.csv"
refuses "if it holds groups, with --group" --data "$files/rooms.csv" --label name
refuses "swapped" --images "$files/labels" --labels "$files/images"
refuses "truncated" --images "$files/cut" --labels "$files/labels"
refuses "3 labels" --images "$files/images" --labels "$files/three_labels"
refuses "not an IDX file" --images "$files/small.csv" --labels "$files/labels"
refuses "it is not an IDX file" --images "$files/empty.csv" --labels "$files/labels"
refuses "not text" --data "$files/images"
refuses "--labels" --data "$files/two.npy"
refuses "--labels goes with a .npy file in --data" --data "$files/two_classes.csv" --labels "$files/two_labels.npy"
refuses "--test-labels" --data "$files/two.npy" --labels "$files/two_labels.npy" --test-data "$files/two.npy"
refuses "--test-labels needs" --data "$files/two.npy" --labels "$files/two_labels.npy" --test-labels "$files/two_labels.npy"
refuses "one of --data and --test-data is a .npy file" --data "$files/two.npy" --labels "$files/two_labels.npy" \
  --test-data "$files/two_classes.csv" --test-labels "$files/two_labels.npy"
refuses "one of --data and --test-data is a .npy file" --data "$files/two_classes.csv" --test-data "$files/two.npy"
for option in "--label 0" "--group 0" "--separator ;" "--header no" "--missing leave-out"; do
  # shellcheck disable=SC2086  # each is two words
  refuses "has no effect with a .npy file" --data "$files/two.npy" --labels "$files/two_labels.npy" $option
done
refuses "3 labels" --data "$files/two.npy" --labels "$files/three_labels.npy"
refuses "swapped" --data "$files/two_labels.npy" --labels "$files/two.npy"
refuses "of one class only, '7': are these the labels of" --data "$files/two.npy" --labels "$files/sevens.npy"
refuses "the class is 0.5, not a whole number" --data "$files/two.npy" --labels "$files/half_labels.npy"
refuses "truncated" --data "$files/cut.npy" --labels "$files/two_labels.npy"
refuses "there are no values" --data "$files/empty.npy" --labels "$files/two_labels.npy"
refuses "the value is NaN" --data "$files/nan.npy" --labels "$files/two_labels.npy"
refuses "the value is infinite" --data "$files/inf.npy" --labels "$files/two_labels.npy"
refuses "(Python objects)" --data "$files/objects.npy" --labels "$files/two_labels.npy"
refuses "it looks like an IDX file" --data "$files/two.npy" --labels "$files/labels"
refuses "it looks like a NumPy .npy file" --images "$files/two.npy" --labels "$files/labels"
refuses "no such file" --data "$files/two.npy" --labels "$files/nowhere.npy"
refuses "such as NumPy's .npz: save each array in a file of its own" --data "$files/arrays.npz" --labels "$files/two_labels.npy"
refuses "--missing can leave out the rows" --data "$files/missing.csv"
refuses "--missing can leave out the rows" --data "$files/nan.csv"
refuses "write decimals with a point" --data "$files/decimal_comma.csv"
refuses "set with --separator" --data "$files/two_separators.csv"
refuses "Set it with --separator" --data "$files/blanks.csv"
refuses "set with --header" --data "$files/years.csv"
refuses "set it with --label" --data "$files/class_first.csv"
refuses "CR alone" --data "$files/macintosh.csv"
refuses "UTF-16" --data "$files/utf16.csv"
refuses "zero byte" --data "$files/zero_byte.csv"
refuses "are the same number" --data "$files/two_ways.csv"
refuses "is a file of labels" --images "$files/labels" --labels "$files/labels"
refuses "2 columns of features" --data "$files/no_names_one_feature.csv" --test-data "$files/no_names.csv"
refuses "lacks 'b'" --data "$files/two_classes.csv" --test-data "$files/one_feature.csv"
refuses "lacks 'a' and has also 'c'" --data "$files/two_classes.csv" --test-data "$files/other_name.csv"
refuses "several columns have the name 'b'" --data "$files/two_classes.csv" --test-data "$files/twice.csv"
refuses "no names" --data "$files/two_classes.csv" --test-data "$files/no_names.csv"
refuses "in column 'a', but those of" --data "$files/two_classes.csv" --test-data "$files/reordered.csv"
if command -v gzip >/dev/null; then
  gzip -c "$files/small.csv" >"$files/small.csv.gz"
  refuses "it is gzipped" --data "$files/small.csv.gz"
  # The bytes after the 4 values are not inflated, so the error cannot say how many there are. Without zlib the file is
  # not opened.
  { cat "$files/images"; head -c 50000000 /dev/zero; } | gzip >"$files/swollen.gz"
  refuses "$(grep -q "its gzip data" "$train" && echo "followed by other bytes" || echo "without zlib")" --images "$files/swollen.gz" --labels "$files/labels"
fi
refuses 'two\nlines\x1b[31m' --data "$files/two
lines$(printf '\033')[31m"

# Data on which nothing can be learnt or measured.
refuses "one class only" --data "$files/one_class.csv"
refuses "no similar pair" --data "$files/all_classes.csv"
refuses "column 'class' (the last) hold the classes? Name their column with --label" --data "$files/all_classes.csv"
refuses "column 'class' (the last) hold the classes? Name their column with --label" --data "$files/one_class.csv"
refuses "'x'" --data "$files/one_class.csv"
refuses "sevens: its samples are of one class only, '7': are these the labels of" --images "$files/images" --labels "$files/sevens"
refuses "each sample has a class of its own, so there is no similar pair: are these the labels of" --images "$files/images" \
  --labels "$files/labels"
refuses "too few samples to divide" --data "$files/small.csv"
sed '2,$s/room [0-9]/room 0/' "$files/rooms.csv" >"$files/one_room.csv"
sed '2,$s/room [1-9]/room 1/' "$files/rooms.csv" >"$files/two_rooms.csv"
refuses "of one group only, 'room 0': does column 'room' hold the groups? Name their column with --group" --data "$files/one_room.csv" \
  --label name --group room
refuses "each sample has a group of its own" --data "$files/two_classes.csv" --group a
refuses "too few groups to divide, 2: training, validation and test need one each" --data "$files/two_rooms.csv" \
  --label name --group room
refuses "divides the group 'room 9' of --group" --data "$files/rooms.csv" --label name --group room --validation last:3 \
  --test-data "$files/rooms.csv"
awk -F, -v OFS=, '{ print NR == 1 ? "group" : substr($1, 1, 7) (NR % 2), $0 }' "$files/people.csv" >"$files/nested.csv"
refuses "too few samples to divide" --data "$files/four.csv" --label name
refuses "two classes of 6 samples or more, or four of 4 or more; the classes with 6 or more are 0, those with 4 to 5 are 3" \
  --data "$files/three_fours.csv" --label name
refuses "--split classes" --data "$files/threes.csv" --label name
refuses "the validation needs two classes of 4" --data "$files/four.csv" --label name --test-data "$files/people.csv"
refuses "of one class only, 'person 7', so they make no dissimilar pair: hold out more of them with --validation" \
  --data "$files/people.csv" --label name --validation last:1
refuses "make no similar pair: hold out more of them with --validation" --data "$files/people.csv" --label name \
  --validation last:2
refuses "--pairs consecutive needs two samples or more of every class, but 'lonely' has one" --data "$files/lonely.csv" \
  --label name --pairs consecutive
refuses "--test-pairs consecutive needs two samples or more of every class, but 'lonely' has one" \
  --data "$files/people.csv" --label name --test-data "$files/lonely.csv" --test-pairs consecutive
refuses "--pairs-per-sample 1000000" --pairs-per-sample 1000000 --data "$files/many.csv" --label name
refuses "--far 0.00893 or more" --data "$files/people.csv" --label name --far 0.001
refuses "feature 0 of sample 96 of the --data" --data "$files/coarse.csv" --label name --validation last:1 --test-data "$files/fine.csv"
refuses "scaling makes it infinite" --data "$files/fine.csv" --label name --test-data "$files/coarse.csv"
refuses "the same features" --data "$files/constant.csv"
refuses "the same features" --data "$files/constant.csv" --scale none
refuses "--learning-rate" --learning-rate 1e-46
refuses "cannot be the file of --json and the folder of --report" --json "$files/both" --report "$files/both"
ln -s loop_b "$files/loop_a" && ln -s loop_a "$files/loop_b"
refuses "the folder cannot be made: Too many levels" --report "$files/loop_a/x"
refuses "dissimilar validation pairs" --far 1e-6
refuses "leaves nothing to train on" --validation last:5000
refuses "--split classes needs" --data "$files/two_classes.csv" --split classes
refuses "NaN or infinite" --learning-rate 1e30
refuses "--scale, --learning-rate, --margin" --margin 1e38
# The address sanitizer's operator new aborts where the plain one throws.
grep -q __asan_init "$train" || refuses "memory holds" --hidden 1000000,1000000

# Outputs that cannot be written.
mkfifo "$files/pipe"
for option in --json --save --checkpoint; do
  refuses "cannot be written" $option "$files/nowhere/result"
  refuses "cannot be written" $option "$files/folder"
  refuses "cannot be written" $option /dev/full
  refuses "a folder, not a file" $option "$files/folder"
  refuses "a device, not a file" $option /dev/null
  refuses "a pipe, not a file" $option "$files/pipe"
done
refuses "cannot be made" --report "$files/labels/pictures"
refuses "cannot be made" --report "$files/labels"
mkdir "$files/taken" "$files/taken/det.png"
refuses "a folder, not a file" --report "$files/taken"
[ "$(ls "$files/taken")" = det.png ] || fails "a refused --report leaves files"

# Outputs that would replace an input or another output, under any of its names.
cp "$files/two_classes.csv" "$files/own.csv"
cp "$files/labels" "$files/own_labels"
ln -s own.csv "$files/link.csv"
ln "$files/own.csv" "$files/hard.csv"
for name in own.csv link.csv hard.csv folder/../own.csv; do
  refuses "is the one of --data too" --data "$files/own.csv" --json "$files/$name"
  refuses "is the one of --test-data too" --data "$files/two_classes.csv" --test-data "$files/$name" --json "$files/own.csv"
done
refuses "is the one of --labels too" --images "$files/images" --labels "$files/own_labels" --json "$files/own_labels"
mkdir "$files/linked"
ln -s ../own.csv "$files/linked/roc.png"
refuses "is the one of --data too" --data "$files/own.csv" --report "$files/linked"
refuses "is the one of --json too" --json "$files/folder/loss.gp" --report "$files/folder"
"$train" --quiet --epochs 1 --json "$files/stdout" >"$files/stdout" 2>"$files/stderr"
[ $? = 2 ] && grep -q "of the standard output too" "$files/stderr" || fails "--json may replace the standard output"
cmp -s "$files/own.csv" "$files/two_classes.csv" && cmp -s "$files/own_labels" "$files/labels" ||
  fails "an input was written to"

# A run that fails leaves everything as it was.
printf old >"$files/old.json"
ln -s later.json "$files/later_link"
ln -s nowhere/result.json "$files/dangling"
refuses "no such file" --data "$files/nowhere.csv" --json "$files/old.json" --report "$files/made/here"
refuses "no such file" --data "$files/nowhere.csv" --json "$files/new.json"
refuses "no such file" --data "$files/nowhere.csv" --json "$files/later_link"
refuses "cannot be written" --json "$files/dangling"
for option in --json --save --checkpoint; do
  message=$(ulimit -f 0 && "$train" --quiet --epochs 1 --data "$files/people.csv" --label name $option "$files/old.json" 2>&1 >/dev/null)
  [ $? = 2 ] && echo "$message" | grep -q "old.json: it cannot be written" || fails "with $option a full disk gives '$message'"
  [ "$(cat "$files/old.json")" = old ] || fails "a run that failed changed the file of $option"
done
[ -L "$files/later_link" ] && [ -L "$files/dangling" ] || fails "a link was deleted"
for name in made new.json later.json; do [ ! -e "$files/$name" ] || fails "a run that failed made $name"; done
[ -z "$(find "$files" -name '.pictures-*' -o -name '.gemel-*')" ] || fails "a run left its scratch files"

# The printed output is a result too: if it is lost, the run has failed.
printed() {  # printed WHERE: checks the exit code and the sentence of the last run
  [ "$code" = 2 ] && grep -q "stdout: nothing can be written" "$files/stderr" ||
    fails "with a standard output that is $1, it ends with $code"
}
for option in --quiet --help; do
  "$train" --epochs 1 --data "$files/people.csv" --label name --threads 1 $option >&- 2>"$files/stderr"
  code=$?
  printed closed
  [ -w /dev/full ] || continue
  "$train" --epochs 1 --data "$files/people.csv" --label name --threads 1 $option >/dev/full 2>"$files/stderr"
  code=$?
  printed full
done

# Runs that must succeed.
"$train" --quiet --epochs 1 --json "$files/result.json" --report "$files/new/report" >"$files/stdout" ||
  fails "a plain run ends with $?"
keys=$(sed -n 's/^  "\(.*\)": [0-9.e+-]*,\{0,1\}$/\1/p' "$files/result.json" | tr '\n' ' ')
[ "$keys" = "eer auc accuracy threshold far frr seconds pairs_per_second train_pairs test_pairs parameters processor_seconds \
accuracy_of_accepting_nothing epochs threads seed threshold_pairs " ] ||
  fails "the JSON has the keys $keys"
for picture in loss distances roc det embedding; do
  [ -s "$files/new/report/$picture.gp" ] || fails "there is no $picture.gp"
  command -v gnuplot >/dev/null && [ ! -s "$files/new/report/$picture.png" ] && fails "there is no $picture.png"
done
# The band of the curves: as many classes as the digits have are drawn, and few classes are no people to draw from.
for picture in roc det; do
  grep -q "^plot \$band .* title '95 % band', " "$files/new/report/$picture.gp" || fails "$picture.gp has no band"
  sed -n '/^$band/,/^EOD/p' "$files/new/report/$picture.gp" | awk '
    NF == 3 && $1 != "$band" { if (!($2 >= 0 && $2 <= $3 && $3 <= 1 && $1 > far)) exit 1; far = $1; rows++ }
    END { exit rows != 100 || far != 1 }' || fails "the band of $picture.gp is none"
done
PATH=$files "$train" --quiet --epochs 1 --data "$files/people.csv" --label name --report "$files/new" |
  grep -qF "gnuplot was not found" ||
  fails "it does not say that gnuplot is missing"
says() {  # says WORDS OPTION...
  words=$1
  shift
  "$train" --quiet --epochs 1 --validation 0.3 "$@" >"$files/stdout" 2>&1 || fails "train $* ends with $?"
  grep -qF -e "$words" "$files/stdout" || fails "train $* does not say '$words', but: $(cat "$files/stdout")"
}
says "2 classes from column 'class' (the last)" --data "$files/two_classes.csv" --report "$files/new/two"
grep -q "title '95 % band (too narrow)'" "$files/new/two/det.gp" || fails "the band of two classes has no caveat"
says "2 classes from column number 2, counted from 0" --data "$files/no_names.csv" --label 2
says "Note: 10 rows of $files/missing.csv with missing values were left out." --data "$files/missing.csv" --missing leave-out
tr , ';' <"$files/two_classes.csv" >"$files/semicolons.csv"
tr , '\t' <"$files/two_classes.csv" >"$files/tabs.csv"
for file in semicolons tabs; do says "column 'class' (the last)" --data "$files/$file.csv"; done
says "column 'class'" --data "$files/tabs.csv" --separator tab
# Columns are matched by name, so another order gives the same figures.
for test in two_classes reordered; do
  "$train" --quiet --epochs 1 --data "$files/two_classes.csv" --test-data "$files/$test.csv" --label class --json "$files/$test.json" \
    >/dev/null || fails "--test-data $test.csv ends with $?"
  grep -e '"eer"' -e '"auc"' -e '"threshold"' "$files/$test.json" >"$files/$test.figures"
done
cmp -s "$files/two_classes.figures" "$files/reordered.figures" || fails "columns in another order give other figures"
"$train" --quiet --epochs 1 --split classes --json "$files/split.json" >"$files/split.txt" ||
  fails "--split classes ends with $?"
grep -q 'false accepts were to be expected of 3 other classes (95 %)\.' "$files/split.txt" ||
  fails "--split classes does not say what was to be expected of other classes"
grep -q '"far_expected_high": 0\.' "$files/split.json" || fails "the JSON lacks the false accept rate to be expected"
grep -q '"far_expected_high": null' "$files/two_classes.json" || fails "two classes tell what is to be expected of others"
for entry in '"low": 0.' '"method": "bootstrap by identity' '"data": "The UCI digits' '"epochs": "1"' '"notes": \[' \
  '"test_pairs_are": "all there are"' '"threshold_is_for": "at most 1 % false accepts"'; do
  grep -q "$entry" "$files/result.json" || fails "the JSON has no $entry"
done
grep -q 'per epoch, 1 epoch$' "$files/stdout" || fails "it does not say '1 epoch'"
grep -q 'processor .* s' "$files/stdout" || fails "it does not say what processor time it took"
for option in --json --save --checkpoint; do
  rm -f "$files/later.json"
  "$train" --quiet --epochs 1 --data "$files/people.csv" --label name $option "$files/later_link" >/dev/null || fails "$option with a link to a new file ends with $?"
  [ -L "$files/later_link" ] && [ -s "$files/later.json" ] || fails "$option does not follow a link to a new file"
done
odd=$(printf 'odd "name"\\\tof\033[31m')
cp "$files/two_classes.csv" "$files/$odd"
"$train" --quiet --epochs 1 --validation 0.3 --data "$files/$odd" --json "$files/odd.json" >"$files/stdout" || fails "an odd name ends with $?"
grep -qF 'odd \"name\"\\\tof\u001b[31m' "$files/odd.json" || fails "the JSON does not escape a name"
grep -qF 'odd "name"\\x09of\x1b[31m' "$files/stdout" || fails "a name reaches the terminal as it is"

# Names are only text: they do not act as commands, markup or formats.
(
  echo a,b,class
  for i in $(seq 40); do
    echo "$i,1,\`touch PWNED\`"
    echo "$i,50,\$(touch PWNED)"
    echo "$i,100,\"it's a \"\"name\"\" \\\\\""
    echo "$i,150,@x %d %s {/Symbol a}^2_\\"
    printf '%s,200,\033[31m\001 \351 red\n' "$i"
    echo "$i,250,a very long name that goes on and on and on and on and on and on and on and on and on"
  done
) >"$files/\`touch PWNED\`.csv"
mkdir "$files/names"
(
  cd "$files/names" &&
    "$train" --quiet --epochs 2 --data "$files/\`touch PWNED\`.csv" --validation 0.3 --report . >"$files/stdout"
) || fails "hostile names of classes end with $?"
[ -z "$(find "$files" -name PWNED)" ] || fails "the name of a class was run as a command"
for name in "'\`touch PWNED\`'" "'\$(touch PWNED)'" "'it''s a \"name\" \\'" "'@x %d %s {/Symbol a}^2_\\'" \
  "'\\x1b[31m\\x01 \\xe9 red'"; do
  grep -qF " title $name" "$files/names/embedding.gp" || fails "the picture has no class $name"
done
command -v gnuplot >/dev/null && [ ! -s "$files/names/embedding.png" ] && fails "hostile names are not drawn"
grep -q "^set title 'UCI digits, seed 1'" "$files/new/report/loss.gp" || fails "a picture does not say what it is of"

# A note says when an accuracy means little: nothing can be learnt here, and four of five pairs are dissimilar.
awk -v OFS=, 'BEGIN { print "a,b,class"; for (i = 0; i < 300; ++i) print i * 7919 % 301, i * 104729 % 307, i % 5 }' >"$files/noise.csv"
"$train" --quiet --epochs 1 --data "$files/noise.csv" --validation 0.4 --far 0.001 >"$files/stdout"
grep -q "Note: an accuracy of .* means little here: rejecting every pair has" "$files/stdout" ||
  fails "it does not say that an accuracy means little: $(cat "$files/stdout")"

# Signals. A shell without job control makes programs that it starts with & ignore Ctrl-C; env undoes that.
start() {  # start OPTION...: starts train in the background and waits until it has read the data
  : >"$files/stdout"
  env --default-signal=INT --default-signal=TERM "$train" --quiet "$@" >"$files/stdout" 2>"$files/stderr" &
  process=$!
  for i in $(seq 100); do
    [ -s "$files/stdout" ] && break
    sleep 0.1
  done
}
ended() {  # ended CODE WORDS: waits some seconds for the end of what was started, and checks its exit code and output
  (sleep 15 && kill -KILL $process) >/dev/null 2>&1 &
  watchdog=$!
  wait $process
  code=$?
  kill $watchdog 2>/dev/null
  [ $code = "$1" ] && cat "$files/stdout" "$files/stderr" | grep -q "$2" ||
    fails "after a signal it ends with $code, not $1 and '$2': $(cat "$files/stdout" "$files/stderr")"
}
start --epochs 1000000 --json "$files/early.json"
sleep 1
kill -INT $process
ended 130 "Ended by Ctrl-C"
[ -s "$files/early.json" ] && grep -q "Ended by Ctrl-C" "$files/early.json" || fails "Ctrl-C leaves no JSON"
start --epochs 1000000
sleep 1
kill -TERM $process
ended 143 "Ended by SIGTERM"
# Drawing an epoch of 40 million pairs takes long.
start --data "$files/two_classes.csv" --validation 0.3 --pairs-per-sample 300000 --json "$files/never.json"
sleep 1
kill -INT $process
ended 130 "there are no figures"
[ ! -e "$files/never.json" ] || fails "a run that reached nothing wrote figures"
# The interval of so many pairs takes longer than all the rest: after a signal it is left out, but the table is printed.
awk -v OFS=, 'BEGIN { print "a,b,class"; for (i = 0; i < 5900; ++i) print i * 7919 % 301, i * 104729 % 307, i % 5 }' >"$files/many.csv"
start --epochs 1 --hidden 4 --data "$files/many.csv" --pairs-per-sample 1
sleep 1
kill -INT $process
ended 130 "ended early"
# If Ctrl-C is ignored from the start, it stays ignored.
(
  trap '' INT
  "$train" --quiet --hidden 4 >"$files/stdout" &
  sleep 0.5
  kill -INT $!
  wait $!
) || fails "an ignored Ctrl-C ends it with $?"

shows() {  # shows WORDS OPTION...: the run must print a table and the words, and end with exit code 0
  words=$1
  shift
  timeout 60 "$train" --quiet --epochs 3 "$@" >"$files/stdout" 2>"$files/stderr"
  code=$?
  { [ $code = 0 ] && [ ! -s "$files/stderr" ] && grep -q "^  network " "$files/stdout" &&
    grep -qF -e "$words" "$files/stdout"; } ||
    fails "train $*: exit code $code, expected 0 and a table with '$words', but: $(cat "$files/stdout" "$files/stderr")"
}

# Small data, with only the option that names the column of the classes.
shows "56 training, 16 validation and 24 test samples" --data "$files/people.csv" --label name
shows "14 training, 4 validation and 6 test samples" --data "$files/two_people.csv" --label name
shows "can show no false accept rate below 25 %" --data "$files/two_people.csv" --label name
people 300 4 >"$files/fours.csv"
shows "810 training, 90 validation and 300 test samples" --data "$files/fours.csv" --label name
for classes_and_samples in '2 6' '4 4' '4 5' '20 4' '3 50' '7 8'; do
  people $classes_and_samples >"$files/few.csv"
  shows "validation samples" --data "$files/few.csv" --label name
done
sed 1d "$files/few.csv" | awk -F, -v OFS=, '{ print $2, $3, $4, $5, $1 }' >"$files/few_no_names.csv"
shows "validation samples" --data "$files/few_no_names.csv"
shows "validation samples" --data "$files/threes.csv" --label name --split classes
shows "no sample is held out of the classes with fewer than 4 samples (1 of 9)" --data "$files/lonely.csv" --label name

# The three rows, of which the validation names the best, and the classes that were held out.
shows "held-out classes  person" --data "$files/people.csv" --label name --split classes --json "$files/rows.json"
for row in raw whitened network; do
  grep -q "^  $row " "$files/stdout" || fails "the table has no row $row"
  for figure in eer eer_low eer_high auc threshold far frr; do
    sed -n "/\"rows\"/,/^  }/p" "$files/rows.json" | sed -n "/\"$row\": {/,/}/p" | grep -q "\"$figure\": [0-9]" ||
      fails "the JSON has no rows.$row.$figure"
  done
done
grep -qE '^  "best": "(raw|whitened|network)"' "$files/rows.json" || fails "the JSON has no best row"
[ "$(sed -n '/"test_classes"/,/\]/p' "$files/rows.json" | grep -o '"person [0-7]"' | sort -u | wc -l)" = 2 ] ||
  fails "the JSON does not name the two classes that were held out"
network_eer=$(sed -n '/"network": {/,/}/s/^ *"eer": \(.*\),$/\1/p' "$files/rows.json")
grep -q "^  \"eer\": $network_eer,$" "$files/rows.json" || fails "eer is not the one of the network's row"
awk -v OFS=, 'BEGIN { print "a,b,class"; for (i = 0; i < 200; ++i) print i % 2 * 100 + i % 7, int(i / 2) % 2 * 100 + i % 5, i % 4 }' >"$files/easy.csv"
shows "Note: the network does not pay here: on the validation pairs, the distance of the raw samples has" \
  --data "$files/easy.csv" --json "$files/rows.json"
grep -q '^  "best": "raw"' "$files/rows.json" || fails "of equal rows, the simplest is not the best"

# Every part of a recipe at once.
for options in "--whiten pca --noise 0.1" "--whiten within:2 --ensemble 2" "--recipe tutorial" "--pairs balanced --batch 16" \
  "--batch-classes 3 --batch-samples 4 --no-normalize --loss contrastive --last-activation relu" \
  "--augment image:3x2 --pairs consecutive" "--augment image:2x3 --noise 1 --whiten pca:3"; do
  # shellcheck disable=SC2086  # each is several words
  shows "24 test samples" --data "$files/people.csv" --label name $options
done
"$train" --quiet --epochs 2 --ensemble 2 --data "$files/people.csv" --label name >/dev/null 2>"$files/stderr"
[ -s "$files/stderr" ] && fails "with --quiet, an ensemble prints: $(cat "$files/stderr")"

# Whole groups are held out. There are ten groups; the last one has six samples.
shows "10 groups from column 'room'" --data "$files/rooms.csv" --label name --group room --json "$files/rooms.json"
grep -q '"group": "room"' "$files/rooms.json" || fails "the JSON has no --group"
sed '2,$s/room [0-6]/room 0/' "$files/rooms.csv" >"$files/few_rooms.csv"
shows "Note: the validation has one group only" --data "$files/few_rooms.csv" --label name --group room
shows "10 of the 10 groups of the test file are in the other file too" --data "$files/rooms.csv" --label name \
  --group room --test-data "$files/rooms.csv"

# Values at the limits of float, and a feature that is constant.
for format in %.3fe-42 %.3fe37; do
  people 8 12 $format >"$files/extreme.csv"
  for scale in auto unit standardise; do shows "24 test samples" --data "$files/extreme.csv" --label name --scale $scale; done
done
awk -F, -v OFS=, '{ print $0, NR == 1 ? "g" : 14.62 }' "$files/people.csv" >"$files/one_constant.csv"
shows "1 of them constant and set to 0" --data "$files/one_constant.csv" --label name

# Test samples that were seen before, in CSV and IDX files.
shows "96 of the 96 test samples are among the training or validation samples too" \
  --data "$files/people.csv" --label name --test-data "$files/people.csv"
grep -q "no test pair was used for it" "$files/stdout" && fails "it denies that the threshold was set on test samples"
{ echo name,a,b,c,d,e,f; sed -n '2,4p' "$files/people.csv"; echo person 0,1,2,3,4,5,6; } >"$files/again.csv"
shows "3 of the 4 test samples" --data "$files/people.csv" --label name --test-data "$files/again.csv"
pixels=
classes=
signs=
for i in $(seq 0 23); do
  pixels="$pixels\\0$(printf %o $((i % 2 * 100 + i)))\\0$(printf %o $i)"
  classes="$classes\\0$((i % 2))"
  signs="$signs\\0$([ $((i % 2)) = 0 ] && echo 1 || echo 377)"
done
idx 24_images "\\0000\\0000\\0010\\0002\\0000\\0000\\0000\\0030\\0000\\0000\\0000\\0002$pixels"
idx 24_labels "\\0000\\0000\\0010\\0001\\0000\\0000\\0000\\0030$classes"
refuses "3 features" --images "$files/24_images" --labels "$files/24_labels" --test-images "$files/more_images" \
  --test-labels "$files/labels"
shows "24 of the 24 test samples" --images "$files/24_images" --labels "$files/24_labels" \
  --test-images "$files/24_images" --test-labels "$files/24_labels"

# A .npy file is recognised by its content and gives the figures of an equal IDX file; its classes may be any whole
# numbers.
npy 24_data '|u1' '(24, 2)' "$pixels"
npy 24_numbers.npy '|u1' '(24,)' "$classes"
npy 24_classes.npy '|u1' '(24,)' "$classes"
npy 24_signs.npy '|i1' '(24, 1)' "$signs"
shows "2 classes from $files/24_classes.npy" --data "$files/24_data" --labels "$files/24_classes.npy" --json "$files/npy.json"
shows "2 classes from $files/24_labels" --images "$files/24_images" --labels "$files/24_labels" --json "$files/idx.json"
for file in npy idx; do grep -e '"eer"' -e '"auc"' -e '"threshold"' "$files/$file.json" >"$files/$file.figures"; done
cmp -s "$files/npy.figures" "$files/idx.figures" || fails "a .npy file gives other figures than IDX"
shows "24 of the 24 test samples" --data "$files/24_data" --labels "$files/24_signs.npy" \
  --test-data "$files/24_data" --test-labels "$files/24_signs.npy"
refuses "2 features" --data "$files/24_numbers.npy" --labels "$files/24_classes.npy" \
  --test-data "$files/24_data" --test-labels "$files/24_classes.npy"

# Data from which the network cannot tell the classes: each class is at two places, beside the other one.
{ echo a,b,class; for i in $(seq 40); do echo "0,0.$i,x"; echo "9,0.$i,y"; done; } >"$files/apart.csv"
printf 'a,b,class\n0,0.101,x\n0,0.202,y\n9,0.303,x\n9,0.404,y\n' >"$files/crossed.csv"
shows "Note: similar test pairs are farther apart than dissimilar ones" --data "$files/apart.csv" \
  --test-data "$files/crossed.csv"
{ cat "$files/apart.csv" && sed 1d "$files/crossed.csv"; } >"$files/crossed_last.csv"
shows "Note: similar validation pairs are farther apart" --data "$files/crossed_last.csv" --validation last:4 \
  --test-data "$files/crossed.csv"
grep -q "^No threshold was set" "$files/stdout" && grep -q "^  network .* none " "$files/stdout" ||
  fails "it sets a threshold where similar pairs are farther apart: $(cat "$files/stdout")"
{ echo a,b,class; for i in $(seq 40); do echo "$i,2,x"; echo "$i,2,y"; done; } >"$files/twins.csv"
shows "No threshold was set" --data "$files/twins.csv" --recipe tutorial
# The data files of scikit-learn begin with a line of counts and class names.
{ echo 40,2,red,blue; for i in $(seq 20); do echo "$i,0.$i,0"; echo "$i,9.$i,1"; done; } >"$files/counted.csv"
shows "2 classes from column number 2, counted from 0 (the last)" --data "$files/counted.csv"

[ $bad = 0 ] && echo "train does and rejects what it must"
exit $bad
