#!/bin/sh
# Tests the program verify, and what train saves for it. Each call of `refuses` must end with exit code 2, one sentence
# on stderr that contains the given words, and nothing written.
#   sh tests/examples/verify.test.sh PATH_OF_TRAIN PATH_OF_VERIFY
set -u
export LC_ALL=C
train=$1
verify=$2
program=$verify
. "$(dirname "$0")/program_checks.sh"

npy() {  # npy FILE TYPE SHAPE BYTES: a .npy file in C order; its header has fewer than 256 bytes
  header="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
  printf '\223NUMPY\001\000%b\000%s%b' "\\0$(printf %o ${#header})" "$header" "$4" >"$1"
}

# Train today, decide tomorrow: over all pairs of the test digits, verify has exactly the error rates of train's table.
awk 'NR == 1 || NR % 4 != 1' "$root/examples/data/digits.csv" >training.csv
awk 'NR == 1 || NR % 4 == 1' "$root/examples/data/digits.csv" >test.csv
"$train" --quiet --recipe tutorial --epochs 5 --data training.csv --test-data test.csv --label digit --save digits.model --json table.json >stdout ||
  fails "train --save ends with $?"
grep -q '^verifier: digits.model$' stdout || fails "train does not say where the verifier is: $(cat stdout)"
awk -F, 'NR > 1 { label[n++] = $NF } END {
  for (i = 0; i < n; ++i) for (j = 0; j < i; ++j) { print i "," j; print (label[i] == label[j]) >"truth" }
}' test.csv >pairs.csv
says 1 " pairs are the same" digits.model test.csv --pairs pairs.csv --json decisions.json
[ "$(number test_pairs table.json)" = "$(wc -l <pairs.csv)" ] || fails "train tests on other pairs"
[ "$(number threshold table.json)" = "$(number threshold decisions.json)" ] || fails "the threshold is another one"
grep '^samples ' stdout | paste -d' ' truth - | awk -v far="$(number far table.json)" -v frr="$(number frr table.json)" '
  { pairs[$1]++; accepted[$1] += /, the same$/ }
  END {
    exit !(pairs[0] > 0 && pairs[1] > 0 && accepted[0] / pairs[0] == far + 0 &&
      (pairs[1] - accepted[1]) / pairs[1] == frr + 0)
  }' || fails "FAR and FRR are not those of train's table"
[ "$(grep -o true decisions.json | wc -l)" = "$(grep -c ', the same$' stdout)" ] || fails "the JSON has other decisions"

# The same with an ensemble of networks, whose features are whitened.
"$train" --quiet --epochs 1 --ensemble 2 --whiten within:5 --hidden 8,4 --data training.csv --test-data test.csv --label digit --save ensemble.model --json ensemble.json >stdout ||
  fails "train --ensemble ends with $?"
says 0 "member 1:" --info ensemble.model
says 1 " pairs are the same" ensemble.model test.csv --pairs pairs.csv --json decisions.json
grep '^samples ' stdout | paste -d' ' truth - | awk -v far="$(number far ensemble.json)" '
  { pairs[$1]++; accepted[$1] += /, the same$/ }
  END { exit !(pairs[0] > 0 && accepted[0] / pairs[0] == far + 0) }' || fails "the FAR of an ensemble is not that of train's table"

# Two samples, and two files row by row. Equal samples are the same.
says 0 "samples 3 and 3: distance 0, threshold " digits.model test.csv 3 3
head -n 5 test.csv >a.csv
{ head -n 1 test.csv && sed -n '7,10p' test.csv; } >b.csv
says 0 "4 of 4 pairs are the same, 0 different" digits.model a.csv a.csv
says 1 "sample 3: distance " digits.model a.csv b.csv --json rows.json
printf 'one,two\n0,5\n1,6\n2,7\n3,8\n' >few.csv
says 1 "samples 3 and 8: distance " digits.model test.csv --pairs few.csv --json pairs.json
cmp -s rows.json pairs.json || fails "row by row, the distances are other ones than by --pairs"
tr , ';' <few.csv >semicolons.csv
says 1 "samples 3 and 8: distance " digits.model test.csv --pairs semicolons.csv --json pairs.json
cmp -s rows.json pairs.json || fails "pairs with semicolons give other distances"

# Columns are matched by name: the column of the classes may be missing or hold anything, and the order does not matter.
cut -d, -f1-64 a.csv >unlabelled.csv
awk -F, -v OFS=, '{ swap = $1; $1 = $40; $40 = swap; $65 = (NR == 1 ? $65 : ""); print }' b.csv >swapped.csv
says 1 "sample 3" digits.model unlabelled.csv swapped.csv --json matched.json
cmp -s rows.json matched.json || fails "columns in another order give other distances"
tr , ';' <b.csv >b_semicolons.csv
says 1 "sample 3" digits.model a.csv b_semicolons.csv --json matched.json
cmp -s rows.json matched.json || fails "another separator gives other distances"
cut -d, -f2- b.csv >missing.csv
refuses "missing.csv: its columns are not those of digits.model: it lacks 'p0'" digits.model a.csv missing.csv --json new.json
awk -v OFS=, '{ print NR == 1 ? "id" : NR, $0 }' b.csv >extra.csv
refuses "extra.csv: its columns are not those of digits.model: it has also 'id'" digits.model extra.csv a.csv
sed '1s/p0,/pp,/' b.csv >renamed.csv
refuses "it lacks 'p0' and has also 'pp'" digits.model renamed.csv a.csv
sed '1s/p0,p1,/p1,p1,/' b.csv >twice.csv
refuses "several columns have the name 'p1'" digits.model twice.csv a.csv
sed 1d b.csv >no_names.csv
refuses "none of these is in this file's first row" digits.model no_names.csv a.csv
refuses "--header no says that this file has none" digits.model a.csv b.csv --header no
[ ! -e new.json ] || fails "a refused run wrote its JSON"

# Bad values and files of samples.
sed '3s/^[0-9]*,/nan,/' a.csv >nan.csv
refuses "nan.csv, line 3, column 'p0': 'nan' is NaN" digits.model nan.csv a.csv
grep -q CsvOptions stderr && fails "it gives advice about options that it does not have"
sed '3s/^[0-9]*,/,/' a.csv >empty_cell.csv
refuses "empty_cell.csv, line 3, column 'p0': the cell is empty" digits.model empty_cell.csv a.csv
sed '3s/^[0-9]*,/3e38,/' a.csv >huge.csv
refuses "the distance of sample 1 is not finite" digits.model huge.csv a.csv
: >nothing.csv
refuses "nothing.csv: the file is empty" digits.model nothing.csv a.csv
head -n 1 a.csv >no_rows.csv
refuses "there are names, but no rows" digits.model no_rows.csv a.csv
head -n 2 a.csv >one_row.csv
refuses "b.csv: it has 4 samples, but one_row.csv has 1, and the samples of two files are compared one by one" \
  digits.model one_row.csv b.csv
refuses "no such file" digits.model nowhere.csv a.csv
refuses "directory" digits.model . a.csv
printf '\377\376a\000' >utf16.csv
refuses "utf16.csv: it is UTF-16" digits.model utf16.csv a.csv
printf 'a,b\n1,2\n' >other.csv
refuses "none of these is in this file's first row" digits.model other.csv other.csv

# Bad indices and pairs.
for index in 4 x 1.5 99999999999999999999; do
  refuses "'$index' is not the index of one of the 4 samples of a.csv" digits.model a.csv 0 $index
done
refuses "-1" digits.model a.csv 0 -1
for row in '0,4' '0,-1' '0,x' '0,0.5' '0,99999999999999999999' '0,'; do
  printf '0,1\n%s\n' "$row" >bad.csv
  refuses "bad.csv, line 2: '${row#0,}' is not the index of one of the 4 samples" digits.model a.csv --pairs bad.csv
done
printf '0,1\n0\n' >bad.csv
refuses "bad.csv, line 2: a pair is two indices, but the row has 1 cell" digits.model a.csv --pairs bad.csv
printf '0,1,1\n' >bad.csv
refuses "bad.csv, line 1: a pair is two indices, but the row has 3 cells" digits.model a.csv --pairs bad.csv
printf '0,1\n\n2,3\n' >bad.csv
refuses "bad.csv, line 2: the line is blank, but rows follow" digits.model a.csv --pairs bad.csv
printf 'first,second\n' >bad.csv
refuses "bad.csv: it has no pairs" digits.model a.csv --pairs bad.csv
refuses "nothing.csv: it has no pairs" digits.model a.csv --pairs nothing.csv
refuses "no such file" digits.model a.csv --pairs nowhere.csv

# .npy and IDX files. They name no columns, so a note says that their order is trusted.
pixels=$(sed 1d a.csv | cut -d, -f1-64 | tr , '\n' | sed 's/.*/printf %03o &/' | sh | sed 's/.../\\0&/g')
npy a.npy '|u1' '(4, 64)' "$pixels"
printf '\000\000\010\003\000\000\000\004\000\000\000\010\000\000\000\010%b' "$pixels" >a.idx
for file in a.npy a.idx; do
  says 1 "Note: $file has no names of columns" digits.model $file b.csv --json matched.json
  cmp -s rows.json matched.json || fails "$file gives other distances than the CSV file"
  says 0 "samples 2 and 2: distance 0" digits.model $file 2 2
done
if grep -q "its gzip data" "$verify" && command -v gzip >/dev/null; then
  gzip -c a.idx >a.idx.gz
  says 1 "sample 3" digits.model a.idx.gz b.csv --json matched.json
  cmp -s rows.json matched.json || fails "a gzipped IDX file gives other distances than the CSV file"
fi
npy narrow.npy '|u1' '(4, 2)' '\0001\0002\0003\0004\0001\0002\0003\0004'
refuses "narrow.npy: it has 2 features, but the model in digits.model takes 64" digits.model narrow.npy 0 1
npy cut.npy '|u1' '(4, 64)' '\0001'
refuses "truncated" digits.model cut.npy 0 1
npy nan.npy '<f4' '(1, 2)' '\0000\0000\0300\0177\0000\0000\0300\0177'
refuses "nan.npy, sample 0, feature 0: the value is NaN" digits.model nan.npy 0 0

# A model that was trained without names takes files without names only.
sed 1d training.csv >training_no_names.csv
"$train" --quiet --epochs 1 --hidden 4 --data training_no_names.csv --save unnamed.model >/dev/null ||
  fails "train --save without names ends with $?"
cut -d, -f1-64 no_names.csv >features.csv
says 0 "4 of 4 pairs are the same" unnamed.model features.csv features.csv
refuses "its first row holds names, but the model in unnamed.model was trained on features without names" \
  unnamed.model a.csv features.csv
refuses "no_names.csv: it has 65 features, but the model in unnamed.model takes 64; leave out the columns of classes and \
groups, which had the numbers 64" unnamed.model no_names.csv features.csv
says 0 "4 of 4" unnamed.model a.npy a.npy
grep -q Note: stdout && fails "it assumes an order where there is no name"

# The column of the groups is not a feature either, and names may be numbers or not UTF-8.
awk -F, -v OFS=, '{ print NR == 1 ? "writer" : "w" NR % 9, $0 }' training.csv >writers.csv
"$train" --quiet --epochs 1 --hidden 4 --data writers.csv --label digit --group writer --save writers.model >/dev/null ||
  fails "train --group --save ends with $?"
says 0 "4 of 4" writers.model a.csv a.csv
awk -F, -v OFS=, '{ print $0, NR == 1 ? "writer" : "" }' a.csv >with_writer.csv
says 0 "4 of 4" writers.model with_writer.csv a.csv
awk -v OFS=, 'BEGIN { print "400,41\3470,y"; for (i = 0; i < 300; ++i) print i % 7 * 9 + i % 3, i % 5 + i % 3 * 20, "c" i % 3 }' >spectra.csv
"$train" --quiet --epochs 1 --hidden 4 --data spectra.csv --label y --save spectra.model >/dev/null || fails "train --save of odd names ends with $?"
printf '41\3470,400\n1,2\n3,4\n' >spectra_test.csv
says 0 "2 of 2" spectra.model spectra_test.csv spectra_test.csv
sed '1s/,41.0,/,400,/' spectra.csv >same_names.csv
"$train" --quiet --epochs 1 --hidden 4 --data same_names.csv --label y --save twice.model >/dev/null 2>stderr
[ $? = 2 ] && grep -q "several columns have the name '400'" stderr && [ ! -e twice.model ] ||
  fails "train --save takes two columns of one name: $(cat stderr)"

# A verifier that rejects every pair, even one of equal samples.
{ echo a,b,class; for i in $(seq 40); do echo "$i,2,x"; echo "$i,2,y"; done; } >twins.csv
"$train" --quiet --epochs 1 --data twins.csv --save none.model >stdout || fails "train --save without a threshold ends with $?"
grep -q '^verifier, which rejects every pair: none.model$' stdout || fails "train does not say that none is accepted"
printf 'a,b\n1,2\n' >twin.csv
says 1 "sample 0: distance 0, no threshold, different" none.model twin.csv twin.csv --json none.json
grep -q '"threshold": null' none.json || fails "the JSON has a threshold"

# --info and --embed.
says 0 "kind: verifier" --info digits.model
for words in "metadata label: digit" "metadata loss: contrastive" "metadata margin: 1" "metadata seed: 1" \
  "metadata created_by: train 0." "metadata epochs: 5"; do
  grep -qF "$words" stdout || fails "--info does not say '$words'"
done
grep -qF "$files" digits.model && fails "the name of a file is in the model"
says 0 "4 embeddings of 128 numbers: e.npy" --embed digits.model a.csv --output e.npy
[ "$(wc -c <e.npy)" = $((128 + 4 * 4 * 128)) ] && grep -qa "'descr': '<f4', 'fortran_order': False, 'shape': (4, 128)" e.npy ||
  fails "the embeddings are not 4 x 128 floats"
says 0 "4 embeddings" --embed digits.model b.csv --output e2.npy
for file in e e2; do tail -c +129 $file.npy | od -An -v -t f4 -w512; done | awk -v json="$(sed -n 's/^  "distances": \[\([^,]*\),.*/\1/p' rows.json)" '
  NR == 1 { split($0, a) } NR == 5 { for (i = 1; i <= 128; ++i) d += (a[i] - $i) ^ 2 }
  END { d = sqrt(d) - json; exit !(d < 1e-5 && d > -1e-5) }' || fails "the embeddings have another distance"
refuses "--embed needs --output" --embed digits.model a.csv

# A checkpoint has no threshold, but embeds.
"$train" --quiet --epochs 1 --hidden 4 --data training.csv --checkpoint some.checkpoint >/dev/null ||
  fails "train --checkpoint ends with $?"
says 0 "kind: checkpoint" --info some.checkpoint
says 0 "4 embeddings of 4 numbers: e.npy" --embed some.checkpoint swapped.csv --output e.npy
refuses "some.checkpoint" some.checkpoint a.csv b.csv
grep -q threshold stderr || fails "it does not say what a checkpoint lacks: $(cat stderr)"

# A network of double has neither a threshold nor a distance, but embeds in double.
npy seven.npy '|u1' '(1, 7)' '\0001\0002\0003\0004\0005\0006\0007'
says 0 "1 embedding of 2 numbers: e.npy" --embed "$root/tests/golden/models/network.safetensors" seven.npy --output e.npy
grep -qa "'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)" e.npy || fails "the embedding is not 1 x 2 doubles"
refuses "network.safetensors" "$root/tests/golden/models/network.safetensors" seven.npy 0 0

# Bad model files.
head -c 1000 digits.model >cut.model
refuses "cut.model" cut.model a.csv a.csv
refuses "cut.model" --info cut.model
refuses "a.csv" a.csv a.csv a.csv
refuses "no such file" nowhere.model a.csv a.csv
cp digits.model flipped.model
printf '\377' | dd of=flipped.model bs=1 seek=100000 conv=notrunc 2>/dev/null
refuses "checksum" flipped.model a.csv a.csv

# A threshold that accepts every pair. gzip computes the new checksum.
number=$(grep -ao 'threshold\\":[0-9.]*' digits.model | head -n 1 | cut -d: -f2)  # of the pairs
infinity=$(printf '%-*s' ${#number} '\"inf\"' | sed 's/\\/\\\\/g')
sed -e 's/gemel.crc32":"[0-9a-f]*/gemel.crc32":"00000000/' -e "s/$number/$infinity/" digits.model >accepts.model
checksum=$(gzip -c accepts.model | tail -c 8 | od -An --endian=little -t x4 -N 4 | tr -d ' ')
sed -i "s/00000000/$checksum/" accepts.model
says 0 "threshold: inf" --info accepts.model
refuses "its threshold is infinite" accepts.model a.csv a.csv

# Words and options that do not belong together.
refuses "give the model file"
refuses "give what is compared" digits.model
refuses "give what is compared" digits.model a.csv
refuses "MODEL FILE I J are the most" digits.model a.csv 0 1 2
refuses "--pairs takes a model file and one file" digits.model a.csv b.csv --pairs few.csv
refuses "--info and --embed" --info --embed digits.model
refuses "--info takes the model file only" --info digits.model a.csv
refuses "--json has no effect with --info" --info digits.model --json x.json
refuses "--pairs has no effect with --embed" --embed digits.model a.csv --output e.npy --pairs few.csv
refuses "--output has no effect without --embed" digits.model a.csv b.csv --output e.npy
refuses "--embed takes a model file and a file of samples" --embed digits.model --output e.npy
for option in --pairs --json --output --separator; do
  refuses "$option" digits.model a.csv b.csv $option
  refuses "$option: '' is empty" digits.model a.csv b.csv $option=
done
refuses "--header: 'odd' is none of" digits.model a.csv b.csv --header odd
refuses "'' is empty" digits.model a.csv ''
refuses "--colour" digits.model a.csv b.csv --colour

# Outputs that cannot be written, or that would replace an input.
refuses "cannot be written" digits.model a.csv b.csv --json nowhere/x.json
refuses "a folder, not a file" digits.model a.csv b.csv --json .
refuses "a device, not a file" digits.model a.csv b.csv --json /dev/null
refuses "is the one of the model too" digits.model a.csv b.csv --json digits.model
refuses "is the one of the samples too" digits.model a.csv b.csv --json ./b.csv
refuses "is the one of --pairs too" digits.model test.csv --pairs few.csv --json few.csv
refuses "is the one of the samples too" --embed digits.model a.csv --output a.csv
cp rows.json old.json
(ulimit -f 0 && "$verify" digits.model a.csv b.csv --json old.json >/dev/null 2>"$files/full")
[ ! -s full ] || grep -q "old.json: it cannot be written" full || fails "a full disk gives '$(cat full)'"
cmp -s rows.json old.json || fails "a run that failed changed the JSON"
[ -z "$(find . -name '.gemel-*')" ] || fails "a run left its scratch files"
"$verify" digits.model a.csv b.csv >&- 2>stderr
[ $? = 2 ] && grep -q "stdout: nothing can be written" stderr || fails "a closed standard output ends with another code"

# Ctrl-C ends it at once, here while nobody reads what it prints. env undoes that a shell makes programs that it starts
# with & ignore Ctrl-C.
mkfifo full_pipe
exec 3<>full_pipe
env --default-signal=INT "$verify" digits.model test.csv --pairs pairs.csv >full_pipe 2>stderr &
process=$!
sleep 1
kill -INT $process
wait $process
[ $? = 130 ] && grep -q "^verify: ended by Ctrl-C" stderr || fails "Ctrl-C does not end it: $(cat stderr)"
exec 3<&-

# Names of files are only text.
odd=$(printf 'odd\033[31m')
cp b.csv "$odd"
refuses 'odd\x1b[31m: it has 4 samples' digits.model one_row.csv "$odd"

[ $bad = 0 ] && echo "verify does and rejects what it must"
exit $bad
