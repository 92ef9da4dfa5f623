#!/bin/sh
# Runs face_recognition on made-up faces: it learns, reports and saves; then new processes compare, enrol, verify and
# identify. With GEMEL_DATA, a folder that holds olivetti_64x64_u8.bin, it also checks the error rates on the AT&T faces.
#   sh tests/examples/face_recognition.test.sh PATH_OF_FACE_RECOGNITION
set -u
export LC_ALL=C
faces=$1
program=$faces
. "$(dirname "$0")/program_checks.sh"
awk_program=$root/tests/examples/made_up_faces.awk

make_faces() {  # make_faces FOLDER FIRST PEOPLE NOISE
  for person in $(seq "$2" $(($2 + $3 - 1))); do mkdir -p "$1/p$person"; done
  awk -v folder="$1" -v first="$2" -v people="$3" -v images=6 -v noise="$4" -f "$awk_program"
}

make_faces data 1 16 0.15
make_faces strangers 40 3 0.15

# Learning: the table, the sentence, the files.
says 0 "The network " --data data --protocol unknown --quiet --threads 1 --json unknown.json --save unknown.model --report report
for row in raw whitened network; do grep -q "^  $row  *[0-9.]* %" stdout || fails "the table has no row $row: $(cat stdout)"; done
for key in eer auc accuracy threshold far frr seconds train_pairs test_pairs rows best seed notes options protocol templates random_far verdict worst_errors; do
  grep -q "^  \"$key\": " unknown.json || fails "the JSON has no $key"
done
[ "$(number protocol unknown.json)" = '"unknown"' ] || fails "the JSON has another protocol: $(number protocol unknown.json)"
[ "$(number test_pairs unknown.json)" = $((4 * 24 * 23 / 2)) ] || fails "not all pairs of the test: $(number test_pairs unknown.json)"
for picture in loss distances roc det embedding errors; do
  [ -s report/$picture.gp ] || fails "there is no $picture.gp"
  if command -v gnuplot >/dev/null; then [ -s report/$picture.png ] || fails "there is no $picture.png"; fi
done

# No figure depends on the number of threads, and another seed gives others.
says 0 "The network " --data data --protocol unknown --quiet --threads 2 --json two.json
says 0 "The network " --data data --protocol unknown --quiet --seed 2 --json seed.json
figures() { sed '/seconds"\|per_second"\|"threads"\|"json"\|"save"\|"report"/d' "$1"; }
figures unknown.json >one && figures two.json | cmp -s - one || fails "the figures depend on the number of threads"
[ "$(number eer unknown.json)" != "$(number eer seed.json)" ] || fails "the seed changes nothing"

# Tomorrow: a new process decides about pairs of the first fold as the table did.
sed -n '/"worst_errors": /,$p' unknown.json | tr -d '\n' | sed 's/},/}\n/g' |
  sed -n 's/.*"fold": 1, *"first": "\([^"]*\)", *"second": "\([^"]*\)", *"distance": \([^,]*\), *"threshold": \([^,]*\), *"same": \([a-z]*\).*/\1 \2 \3 \4 \5/p' >wrong
[ -s wrong ] || fails "the made-up faces are too easy: the first fold has no error to compare with"
while read -r first second distance threshold same; do
  [ "$same" = true ] && decision="different people" || decision="the same person"
  code=0 && [ "$same" = true ] && code=1
  says $code "$decision" compare unknown.model "data/$first" "data/$second" --json compared.json
  awk -v a="$distance" -v b="$(sed -n '/distances/{n;s/ *//p}' compared.json)" -v t="$threshold" -v u="$(number threshold compared.json)" '
    BEGIN { exit !(a == b && t == u) }' || fails "a new process has another distance or threshold: $distance $threshold, $(cat compared.json)"
done <wrong

# Enrolled people are recognized, and strangers are not.
says 0 "The network pays" --data data --protocol known --quiet --json known.json --save known.model
cp known.model fresh.model
for p in 1 2 3; do
  says 0 "Person $p is enrolled with 3 samples. $p pe" enrol known.model "Person $p" data/p$p/1.pgm data/p$p/2.pgm data/p$p/3.pgm
done
says 0 "accepted" verify known.model "Person 1" data/p1/5.pgm
says 1 "rejected" verify known.model "Person 1" data/p2/5.pgm
says 1 "1 of 2 claims to be Person 3 are accepted, 1 rejected" verify known.model "Person 3" data/p3/4.pgm data/p1/4.pgm --json claims.json
grep -q '"names": \["Person 3",null\]' claims.json || fails "the JSON of verify is $(cat claims.json)"
says 0 "data/p2/6.pgm: score " identify known.model data/p2/6.pgm
grep -q ', Person 2$' stdout || fails "the wrong person: $(cat stdout)"
says 1 ", unknown; the nearest is Person" identify known.model strangers/p40/1.pgm strangers/p41/1.pgm
grep -q '^0 of 2 samples are of enrolled persons, 2 of unknown ones' stdout || fails "a stranger is recognized: $(cat stdout)"
says 0 "Person 2 is removed. 2 persons" forget known.model "Person 2"
says 1 ", unknown; the nearest is Person" identify known.model data/p2/6.pgm
says 1 "unknown" identify fresh.model data/p2/6.pgm

# What cannot be done is said in one sentence.
says 0 "face_recognition identify MODEL IMAGE..." --help
refuses "give --data" --protocol known
refuses "there is no such file" --data none
refuses "it has no folders" --data data/p1
refuses "at least 12 people, but the data has 3" --data strangers
refuses "'sometimes' is none of known|unknown" --data data --protocol sometimes
refuses "'verifi' is no command" verifi known.model data/p1/1.pgm
refuses "compare takes MODEL IMAGE IMAGE, but 2 words follow it" compare known.model data/p1/1.pgm
refuses "--seed has no effect with identify" identify known.model data/p1/1.pgm --seed 2
refuses "nobody of the name 'Person 9' is enrolled, but Person 1, Person 3" verify known.model "Person 9" data/p1/1.pgm
refuses "no such file" enrol none.model Ada data/p1/1.pgm
cp known.model copy.model
refuses "copy.model: it is no PGM image" enrol known.model Ada copy.model
refuses "is the one of" --data data --json same --save same
printf 'P5 9 9 255 abc' >cut.pgm
refuses "cut.pgm: it is cut off" identify known.model cut.pgm
refuses "not a safetensors file" identify data/p1/1.pgm data/p1/1.pgm

data=${GEMEL_DATA:-}/olivetti_64x64_u8.bin
if [ -n "${GEMEL_DATA:-}" ] && [ -f "$data" ]; then
  for bar in known:0.013 unknown:0.07; do
    protocol=${bar%:*}
    says 0 "The network " --data "$data" --protocol "$protocol" --quiet --json att.json
    best=$(number best att.json | tr -d '"')
    sed -n "/^    \"$best\": {/,/}/s/^      \"eer\": \([^,]*\),/\1/p" att.json | awk -v most="${bar#*:}" -v what="AT&T, $protocol people, $best" '
      { printf "%s: an equal error rate of %.2f %%\n", what, 100 * $1; exit !($1 <= most) }' || fails "more than the bar of ${bar#*:}"
  done
else
  echo "The AT&T faces were skipped: GEMEL_DATA names no folder with olivetti_64x64_u8.bin"
fi
exit $bad
