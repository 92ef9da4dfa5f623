#!/bin/sh
# Tests the gallery that verify keeps in a model file: enrol, claim, identify and forget, by several processes at once,
# and killed at random instants.
#   sh tests/examples/enrol.test.sh PATH_OF_TRAIN PATH_OF_VERIFY [KILLS] [SEED]
set -u
export LC_ALL=C
train=$1
verify=$2
kills=${3:-30}
seed=${4:-1}
program=$verify
. "$(dirname "$0")/program_checks.sh"

list() { sed -n "s/^  \"$1\": \[\(.*\)\],\{0,1\}$/\1/p" "$2" | tr ',' '\n' | tr -d '"'; }  # list KEY JSON

# Tomorrow: the ten digits are enrolled with five samples each, and a new process identifies all other test samples. At
# least 97 % must get the right name.
awk 'NR == 1 || NR % 4 != 1' "$root/examples/data/digits.csv" >training.csv
awk 'NR == 1 || NR % 4 == 1' "$root/examples/data/digits.csv" >test.csv
"$train" --quiet --data training.csv --test-data test.csv --label digit --save fresh.model >stdout ||
  fails "train --save ends with $?"
cp fresh.model digits.model
for digit in 0 1 2 3 4 5 6 7 8 9; do
  awk -F, -v digit=$digit 'NR == 1 || ($NF == digit && n++ < 5)' test.csv >$digit.csv
  says 0 "digit $digit is enrolled with 5 samples. $((digit + 1)) person" enrol digits.model "digit $digit" $digit.csv
done
awk -F, 'NR == 1 || n[$NF]++ >= 5' test.csv >probes.csv
says 1 " samples are of enrolled persons, " identify digits.model probes.csv --json found.json
sed '1d; s/.*,/digit /' probes.csv >truth
list names found.json | paste -d, - truth | awk -F, '
  { right += $1 == $2 }
  END { printf "%d of %d digits are identified, %.2f %%\n", right, NR, 100 * right / NR; exit !(NR > 300 && right >= 0.97 * NR) }' ||
  fails "fewer than 97 % of the digits are identified"
list names found.json >found.names
sed -n 's/^sample .*: score [0-9.e-]*, threshold [0-9.]*, \(digit [0-9]\)$/\1/p; s/^sample .*, unknown; the nearest is digit [0-9]$/null/p' stdout |
  cmp -s - found.names || fails "the lines and the JSON disagree"

# A name is given where the score is at most the threshold. --fpir moves the threshold of identify, but not of claim.
threshold_decides() {  # threshold_decides JSON
  list names "$1" >names && list scores "$1" | paste -d, - names | awk -F, -v threshold="$(number threshold "$1")" '
    ($2 != "null") != ($1 <= threshold + 0) { exit 1 } END { exit !NR }' || fails "$1 does not follow its threshold"
}
threshold_decides found.json
says 1 " of enrolled persons" identify digits.model probes.csv --json strict.json --fpir 0.0001
grep -q '^Note: to identify someone among 10 persons, the threshold should accept' stdout ||
  fails "it does not say that the calibration has too few pairs: $(head -n 1 stdout)"
"$verify" identify digits.model probes.csv --json loose.json --fpir 0.2 >stdout
grep -q Note: stdout && fails "a threshold that the calibration shows has a note: $(head -n 1 stdout)"
for json in strict loose; do threshold_decides $json.json; done
awk -v strict="$(number threshold strict.json)" -v found="$(number threshold found.json)" -v loose="$(number threshold loose.json)" '
  BEGIN { exit !(strict <= found && found < loose) }' || fails "a larger --fpir does not give a larger threshold"

# More persons than the validation samples give thresholds for.
cp digits.model many.model
for i in $(seq 30); do "$verify" enrol many.model "another $i" 0.csv >stdout || fails "enrol ends with $?"; done
says 1 "persons; that for 40 follows from the false accept rates of single claims" identify many.model probes.csv --json many.json
threshold_decides many.json
awk -v many="$(number threshold many.json)" -v found="$(number threshold found.json)" 'BEGIN { exit !(many <= found) }' ||
  fails "the threshold for 40 persons is larger than the one for 10"
head -n 2 probes.csv >few.csv
says 0 "Note: the thresholds were set for persons with 5 samples" enrol many.model few few.csv

# A claim has the score that identify finds for the nearest person, and the threshold of claims.
awk -F, 'NR == 1 || $NF == 3' probes.csv >threes.csv
says 1 "0 of 42 claims to be digit 4 are accepted, 42 rejected" claim digits.model 'digit 4' threes.csv --json claimed.json
[ "$(list names claimed.json | sort -u)" = null ] || fails "threes are taken for fours"
threshold_decides claimed.json
says 0 "5 of 5 claims to be digit 3 are accepted, 0 rejected" claim digits.model 'digit 3' 3.csv --json claimed.json
grep -q '^sample 4: score 0\.[0-9]*, threshold 0\.[0-9]*, accepted$' stdout || fails "a claim is not printed: $(cat stdout)"
threshold_decides claimed.json
says 0 "5 of 5 samples are of enrolled persons, 0 of unknown ones" identify digits.model 3.csv --json found.json
[ "$(list scores claimed.json)" = "$(list scores found.json)" ] || fails "a claim has another score than identify finds"
says 0 "kind: verifier" --info digits.model
grep -q "^gallery: 10 persons with 50 samples$" stdout || fails "--info does not tell the gallery: $(cat stdout)"
"$verify" --info fresh.model | grep -q "^claims: threshold: $(awk -v t="$(number threshold claimed.json)" 'BEGIN { printf "%g", t }')$" ||
  fails "a claim has another threshold than train has set for claims"

# All else in the file stays: pairs are decided as before, the embeddings are the same, and so are the bytes once
# everybody is forgotten and enrolled again.
says 1 "samples 3 and 9: distance " fresh.model test.csv 3 9 --json before.json
says 1 "samples 3 and 9: distance " digits.model test.csv 3 9 --json after.json
cmp -s before.json after.json || fails "a gallery changes the distance or the threshold of pairs"
"$verify" --embed fresh.model test.csv --output before.npy >stdout && "$verify" --embed digits.model test.csv --output after.npy >stdout
cmp -s before.npy after.npy || fails "a gallery changes the embeddings"
"$verify" --info fresh.model | grep '^metadata' >before && "$verify" --info digits.model | grep '^metadata' | cmp -s before - ||
  fails "a gallery changes the texts in the file"
cp digits.model again.model
says 0 "digit 9 is enrolled with 5 samples, which replaces 5 earlier samples. 10 persons in again.model" enrol again.model 'digit 9' 9.csv
cmp -s digits.model again.model || fails "the same samples again change the file"
says 0 "digit 9 is removed. 9 persons in again.model" forget again.model 'digit 9'
says 1 "unknown; the nearest is digit" identify again.model 9.csv
says 0 "digit 9 is enrolled" enrol again.model 'digit 9' 9.csv
cmp -s digits.model again.model || fails "to forget and enrol a person again changes the file"
chmod 640 again.model && ln -s again.model link.model
says 0 "digit 9 is removed" forget link.model 'digit 9'
[ -L link.model ] && [ "$(stat -c %a again.model)" = 640 ] || fails "the link or the permissions of the model are lost"
for digit in 0 1 2 3 4 5 6 7 8; do "$verify" forget again.model "digit $digit" >stdout; done

# Nobody is enrolled.
head -n 2 threes.csv >one.csv
for model in fresh.model again.model; do
  says 1 "Note: nobody is enrolled in $model, so everyone is unknown." identify $model one.csv --json nobody.json
  [ "$(list names nobody.json) $(list scores nobody.json) $(number threshold nobody.json)" = "null null null" ] ||
    fails "the JSON of an empty gallery is $(cat nobody.json)"
done

# Names are only text.
for name in 'Ädä B.' '$(touch hurt) `touch hurt`' '../x' "a,b'\"c" enrol; do
  says 0 " is enrolled with 5 samples" enrol again.model "$name" 3.csv
  says 0 "5 of 5 claims" claim again.model "$name" 3.csv --json name.json
  says 0 " is removed" forget again.model "$name"
done
grep -qF '"names": ["enrol","enrol","enrol","enrol","enrol"]' name.json || fails "the JSON has other names: $(cat name.json)"
says 0 'a\x1b[31m is enrolled' enrol again.model "$(printf 'a\033[31m')" 3.csv
says 0 'a\x1b[31m' identify again.model 3.csv
refuses "is not UTF-8 text" enrol again.model "$(printf 'a\377')" 3.csv
cp fresh.model enrol
says 0 "5 of 5 pairs are the same" ./enrol 0.csv 0.csv
says 0 "Ada is enrolled" enrol enrol Ada 3.csv
says 0 "kind: verifier" --info ./enrol

# Bad words, options and files. None changes the model.
cp digits.model before.model
refuses "nobody of the name 'Eve' is enrolled, but digit 0, digit 1" claim digits.model Eve 3.csv
refuses "nobody of the name 'Eve' is enrolled" forget digits.model Eve
refuses "nobody of the name 'Eve' is enrolled, but no one" forget fresh.model Eve
refuses "enrol takes MODEL NAME FILE, but 0 words follow it" enrol
refuses "enrol takes MODEL NAME FILE, but 2 words follow it" enrol digits.model 3.csv
refuses "claim takes MODEL NAME FILE, but 4 words follow it" claim digits.model Ada 3.csv 4.csv
refuses "identify takes MODEL FILE, but 1 word follows it" identify digits.model
refuses "forget takes MODEL NAME, but 3 words follow it" forget digits.model Ada 3.csv
refuses "enrol and --info are two tasks" --info enrol digits.model Ada
refuses "claim and --embed are two tasks" claim --embed digits.model 3.csv --output e.npy
refuses "--json has no effect with enrol" enrol digits.model Ada 3.csv --json new.json
refuses "--pairs has no effect with identify" identify digits.model 3.csv --pairs 3.csv
refuses "--output has no effect with claim" claim digits.model 'digit 3' 3.csv --output new.npy
refuses "--header has no effect with forget" forget digits.model 'digit 3' --header yes
refuses "--fpir has no effect with claim" claim digits.model 'digit 3' 3.csv --fpir 0.1
refuses "--fpir has no effect without identify" digits.model 3.csv 3.csv --fpir 0.1
for rate in 0 1 -1 nan x 1e-400; do
  refuses "--fpir: '$rate' is not a rate between 0 and 1" identify digits.model 3.csv --fpir=$rate
done
refuses "'' is empty" enrol digits.model '' 3.csv
refuses "is the one of the samples too" enrol digits.model Ada digits.model
refuses "is the one of the model too" identify digits.model 3.csv --json digits.model
refuses "is the one of the samples too" claim digits.model 'digit 3' 3.csv --json 3.csv
sed '3s/^[0-9]*,/nan,/' 3.csv >nan.csv
sed '3s/^[0-9]*,/3e38,/' 3.csv >huge.csv
head -n 1 3.csv >no_rows.csv
cut -d, -f2- 3.csv >missing.csv
for command in 'enrol digits.model Ada' 'claim digits.model a' 'identify digits.model'; do
  [ "$command" = 'claim digits.model a' ] && "$verify" enrol digits.model a 3.csv >stdout && cp digits.model before.model
  refuses "nan.csv, line 3, column 'p0': 'nan' is NaN" $command nan.csv
  refuses "there are names, but no rows" $command no_rows.csv
  refuses "it lacks 'p0'" $command missing.csv
  refuses "no such file" $command nowhere.csv
done
# Without a layer that scales it to length 1, the embedding of huge features is infinite.
"$train" --quiet --recipe tutorial --epochs 1 --data training.csv --label digit --save small.model >stdout || fails "train ends with $?"
"$verify" enrol small.model Ada 3.csv >stdout
refuses "huge.csv: the spread of the person's samples is not finite" enrol small.model Eve huge.csv
for command in 'claim small.model Ada' 'identify small.model'; do refuses "huge.csv, sample 1: " $command huge.csv; done
refuses "no such file" enrol nowhere.model Ada 3.csv
refuses "directory" identify . 3.csv
refuses "a folder, not a file" enrol . Ada 3.csv
refuses "3.csv" identify 3.csv 4.csv
"$train" --quiet --epochs 1 --hidden 4 --data training.csv --checkpoint some.checkpoint >stdout
refuses "some.checkpoint" enrol some.checkpoint Ada 3.csv
refuses "some.checkpoint" identify some.checkpoint 3.csv
head -c 100000 digits.model >cut.model
refuses "cut.model" enrol cut.model Ada 3.csv
cmp -s digits.model before.model || fails "a refused command changes the model"
(ulimit -f 0 && "$verify" enrol digits.model Ada 3.csv >/dev/null 2>"$files/full")
[ ! -s full ] || grep -q "digits.model: it cannot be written" full || fails "a full disk gives '$(cat full)'"
cmp -s digits.model before.model || fails "a full disk changes the model"
[ -z "$(find . -name '.gemel-*')" ] || fails "a run left its scratch files"

# A verifier that rejects every pair identifies nobody.
{ echo a,b,class; for i in $(seq 40); do echo "$i,2,x"; echo "$i,2,y"; done; } >twins.csv
"$train" --quiet --epochs 1 --data twins.csv --save none.model >stdout || fails "train --save without a threshold ends with $?"
printf 'a,b\n1,2\n' >twin.csv
says 0 "Ada is enrolled with 1 sample. 1 person in none.model" enrol none.model Ada twin.csv
says 1 "sample 0: score 0, no threshold, rejected" claim none.model Ada twin.csv
grep -q "^Note: this verifier rejects every claim: " stdout || fails "it does not say why: $(cat stdout)"
says 1 "sample 0: score 0, no threshold, unknown; the nearest is Ada" identify none.model twin.csv --fpir 0.5
grep -q "^Note: this verifier rejects every pair, and so every person is unknown: " stdout || fails "it does not say why: $(cat stdout)"

# Ten persons who are enrolled at the same time are all there.
cp fresh.model shared.model
for digit in 0 1 2 3 4 5 6 7 8 9; do "$verify" enrol shared.model "digit $digit" $digit.csv >stdout.$digit & done
wait
"$verify" --info shared.model | grep -q "^gallery: 10 persons with 50 samples$" || fails "one of ten enrolments at once is lost"

# Kills at random instants: the model is then the old one or the new one.
cp digits.model old.model && cp digits.model new.model
"$verify" enrol new.model Ada 4.csv >stdout
began=$(date +%s%N)
for i in 1 2 3 4 5; do cp old.model now.model && "$verify" enrol now.model Ada 4.csv >stdout; done
milliseconds=$((($(date +%s%N) - began) / 5000000 + 2))
number=0 killed=0 old=0 new=0
while [ $killed -lt "$kills" ] && [ $number -lt $((10 * kills)) ] && [ $bad = 0 ]; do
  number=$((number + 1))
  cp old.model now.model
  timeout -s KILL "$(awk -v seed="$seed" -v n=$number -v most=$milliseconds 'BEGIN {
    srand(seed * 100000 + n); printf "%.4f", (rand() * most + 0.1) / 1000 }')" "$verify" enrol now.model Ada 4.csv >stdout 2>stderr
  [ $? = 137 ] && killed=$((killed + 1))
  if cmp -s now.model old.model; then
    old=$((old + 1))
  elif cmp -s now.model new.model; then
    new=$((new + 1))
  else
    fails "after kill $number, the model is neither the old nor the new one"
  fi
done
echo "verify enrol, $killed of $number times killed: $old times the old model, $new times the new one"
[ $killed -ge "$kills" ] && [ $old -gt 0 ] && [ $new -gt 0 ] || fails "the kills come all too early or too late"
says 0 "Ada is enrolled" enrol now.model Ada 4.csv
cmp -s now.model new.model || fails "after a kill, a person cannot be enrolled"

[ ! -e hurt ] && [ ! -e new.json ] || fails "a command writes what is not its own"
[ $bad = 0 ] && echo "verify enrols, claims, identifies and forgets as it must"
exit $bad
