#!/bin/sh
# Tests the program text_comparison on made-up words and people. What it has learnt must be decided in the same way by
# other processes. Each call of `refuses` must end with exit code 2, one sentence on stderr that contains the given
# words, and nothing written.
#   sh tests/examples/text_comparison.test.sh PATH_OF_TEXT_COMPARISON
set -u
export LC_ALL=C
program=$1
. "$(dirname "$0")/program_checks.sh"

# Words: the program learns from groups of words, one per line. Every 30th group of the homophones will do.
awk 'NR % 30 == 0' "$root/examples/data/homophones_cmudict04.txt" >words.txt
says 0 "words.txt: " --data words.txt --epochs 2 --quiet --threads 1 --save words.model --json one.json --report report
grep -q '^  network  ' stdout || fails "there is no row of the network: $(cat stdout)"
grep -q '^The network ' stdout || fails "there is no verdict: $(cat stdout)"
for picture in loss distances roc det embedding errors; do
  [ -s report/$picture.gp ] || fails "there is no picture $picture"
done
for key in eer far frr threshold random_far random_eer promised_far protocol templates used best seed; do
  [ -n "$(number $key one.json)" ] || fails "the JSON has no $key"
done

# The number of threads changes no figure and no byte of the model.
says 0 "words.txt: " --data words.txt --epochs 2 --quiet --threads 2 --save two.model --json two.json
cmp -s words.model two.model || fails "two threads save another model"
figures() { grep -vE '"(seconds|processor_seconds|pairs_per_second|threads|save|json|report)"' "$1"; }
[ "$(figures one.json)" = "$(figures two.json)" ] || fails "two threads give other figures"

# Tomorrow, in another process: the worst errors of the test have the distances of the run, and are decided as there.
awk -F'"' '/"worst_errors"/ { on = 1 } on && /"a":/ { a = $4 } on && /"b":/ { print a "," $4 }' one.json >errors.csv
[ "$(wc -l <errors.csv)" -gt 3 ] || fails "there are hardly any errors to compare"
sed -n '/"worst_errors"/,/^  \]/s/^ *"distance": \([^,]*\),*/\1/p' one.json >expected
says 1 " pairs are the same" compare words.model --pairs errors.csv --json decisions.json
[ "$(number threshold one.json)" = "$(number threshold decisions.json)" ] || [ "$(number used one.json)" != '"network"' ] ||
  fails "the threshold is another one"
sed -n '/"distances"/,/\]/s/^ *\([0-9][^,]*\),*$/\1/p' decisions.json >found
cmp -s expected found || fails "the distances are other ones: $(paste expected found)"
sed -n '/"worst_errors"/,/^  \]/s/^ *"similar": \([a-z]*\)/\1/p' one.json | sed 's/true/no/; s/false/true/; s/no/false/' >expected
sed -n '/"same"/,/\]/s/^ *\([tf][a-z]*\),*$/\1/p' decisions.json >found
cmp -s expected found || fails "the decisions are other ones: $(paste expected found)"
"$program" compare words.model <errors.csv >batch || [ $? = 1 ] || fails "compare does not read the standard input"
"$program" compare words.model --pairs errors.csv | cmp -s - batch || fails "the standard input is decided otherwise"
says 0 "knight and knight: distance 0, threshold " compare words.model knight knight
says 0 ", the same" compare words.model Knight knight

# Rows: people and their addresses, with damaged rows.
columns=given,surname,street,city,postcode
awk -v people=300 -v damaged=0.05 -v seed=1 -f "$root/tests/examples/people.awk" >people.csv
says 0 "people.csv: 570 rows in 300 groups" --data people.csv --text $columns --key key --epochs 3 --quiet --save people.model --json people.json
grep -q "by the F1 of the links of the validation part, the row [a-z]* is used" stdout || fails "it does not say which row is used"
used=$(number used people.json | tr -d '"')
f1() { sed -n "/^    \"$1\": {/,/}/s/^ *\"f1\": \([^,]*\),*/\1/p" people.json; }
awk -v used="$(f1 "$used")" -v raw="$(f1 raw)" 'BEGIN { exit !(raw > 0.9 && used >= raw - 0.001) }' ||
  fails "the row $used has an F1 of $(f1 "$used"), the n-grams $(f1 raw)"

# Two files of other people, whose columns are in another order: the keys tell which links are right.
awk -v people=200 -v damaged=0.05 -v seed=2 -f "$root/tests/examples/people.awk" >others.csv
awk -F, 'NR == 1 || !seen[$1]++' others.csv >a.csv
awk -F, -v OFS=, 'NR == 1 || seen[$1]++ { swap = $2; $2 = $6; $6 = swap; print }' others.csv >b.csv
says 0 "links among 200 rows of a.csv and 180 of b.csv" match people.model a.csv b.csv --json links.json
grep -q '^lines 2 and 2: distance [0-9.e-]*, threshold [0-9.]*: ' stdout || fails "the links have no lines: $(head -n 3 stdout)"
awk -F'[ :]' 'FNR == 1 { ++file } file < 3 { split($0, cell, ","); key[file, FNR] = cell[1]; next }
  /^lines / { ++found; right += key[1, $2] == key[2, $4] }
  END { exit !(found >= 170 && right >= 0.98 * found) }' a.csv b.csv stdout || fails "the links are wrong: $(tail -n 1 stdout)"
[ "$(grep -c '"distance"' links.json)" = "$(grep -c '^lines ' stdout)" ] || fails "the JSON has other links"
sed 's/,"[^"]*"$/,""/' a.csv >missing.csv  # a missing cell is no error
says 0 "links among" match people.model missing.csv b.csv
sed '1s/given/forename/' b.csv >renamed.csv
sed '1s/given/forename/' a.csv >renamed_too.csv
says 0 "links among" match people.model renamed_too.csv renamed.csv --text forename,surname,street,city,postcode

# Bad input.
refuses "no column has the name 'forename'" match people.model a.csv b.csv --text forename,surname,street,city,postcode
refuses "--text names 1 columns, but the model compares 5" match people.model a.csv b.csv --text given
refuses "no column has the name 'given'; the columns are " match people.model words.txt b.csv
refuses "no column has the name 'name'" --data people.csv --text name --key key
refuses "no column has the name 'id'" --data people.csv --text given --key id
refuses "belong together" --data people.csv --text given
refuses "cannot be both" --data people.csv --text given,key --key key
refuses "'given' is there twice" --data people.csv --text given,given --key key
refuses "has an empty name" --data people.csv --text given, --key key
refuses "without --data" --text given --key key
refuses "on a list of words" --data words.txt --separator ';'
refuses "--text and --key" --data people.csv
printf 'a b\nc d\n' >few.txt
refuses "give more groups" --data few.txt --quiet
printf 'k,a\n1,x\n2,y\n3,z\n4,x\n5,x\n6,x\n' >single.csv
refuses "none of which has two" --data single.csv --text a --key k --quiet
printf 'k,a\n1,x\n,y\n' >nokey.csv
refuses "line 3" --data nokey.csv --text a --key k
printf 'k,a\n1,x\n1,\n' >empty.csv
refuses "the text is empty" --data empty.csv --text a --key k
refuses "is not a command" enrol words.model
refuses "two texts" compare words.model knight
refuses "is empty" compare words.model knight ""
refuses "use match" compare people.model a b
refuses "match takes MODEL A.csv B.csv" match people.model a.csv
refuses "has no effect with match" match people.model a.csv b.csv --seed 2
refuses "does not say how texts become features" compare "$root/tests/golden/models/verifier.safetensors" a b
refuses "words.txt" compare words.txt a b
printf 'one,two,three\n' >three.csv
refuses "a line has two texts" compare words.model --pairs three.csv
refuses "too: give another name" --data words.txt --save words.txt
refuses "it cannot be written" --data words.txt --json no/such/folder.json
refuses "is not a whole number" --epochs 0
# The homophones that it contains.
says 0 "the homophones: 22634 words in 9281 groups" --epochs 1 --quiet --json homophones.json
awk -v eer="$(number eer homophones.json)" 'BEGIN { exit !(eer > 0 && eer < 0.12) }' ||
  fails "after one epoch the EER is $(number eer homophones.json)"
exit $bad
