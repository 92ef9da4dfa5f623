#!/bin/sh
# Tests --checkpoint and --resume of the program train: a training that was killed at random instants and resumed saves
# the same bytes as one that was not, with any number of threads.
#   sh tests/examples/resume.test.sh PATH_OF_TRAIN [KILLS] [SEED]
set -u
export LC_ALL=C
train=$1
kills=${2:-6}
seed=${3:-1}
root=$(cd "$(dirname "$0")/../.." && pwd)
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
cd "$files" || exit 2
bad=0

fails() {
  echo "$1" && bad=1
}

refuses() {  # refuses WORDS OPTION...
  words=$1
  shift
  timeout 60 "$train" --quiet "$@" >stdout 2>stderr
  code=$?
  { [ $code = 2 ] && [ "$(wc -l <stderr)" = 1 ] && [ ! -s stdout ] && grep -qF -e "$words" stderr; } ||
    fails "train $*: exit code $code, expected 2 and one sentence with '$words', but it said: $(cat stdout stderr)"
}

figures() {  # figures JSON: all but the times
  sed '/"notes": \[$/,/^  \]/d' "$1" | grep -v -e '"notes": \[\]' -e seconds -e pairs_per_second -e '"threads"' \
    -e '"save"' -e '"json"' -e '"resume"' -e '"checkpoint"'
}

cp "$root/examples/data/digits.csv" digits.csv
# The options that the model depends on. Dropout, a schedule and an optimizer with a state show whether all of it is kept.
set -- --data digits.csv --label digit --hidden 64,32 --dropout 0.1 --optimizer adam --schedule cosine --seed 7
began=$(date +%s%N)
"$train" --quiet "$@" --epochs 12 --threads 1 --save whole.model --json whole.json --checkpoint whole.checkpoint >stdout || fails "the whole training ends with $?"
milliseconds=$((($(date +%s%N) - began) / 1000000))
"$train" --quiet "$@" --epochs 12 --threads 2 --save plain.model >stdout || fails "the training without checkpoints ends with $?"
cmp -s whole.model plain.model || fails "checkpoints, or threads, change the model"

# A training that has ended is resumed to its end.
"$train" --quiet --resume whole.checkpoint --save again.model --json again.json >stdout || fails "an ended training is resumed with $?"
cmp -s whole.model again.model || fails "an ended training is resumed to another model"
grep -q "goes on after epoch 12 of 12" stdout || fails "it does not say where it goes on: $(cat stdout)"

# Kills at random instants. Each training is killed up to three times.
random() { awk -v seed="$seed" -v n="$1" -v most="$2" 'BEGIN { srand(seed * 100000 + n); printf "%.3f", rand() * most / 1000 }'; }
killed=0
resumed=0
number=0
figures whole.json >figures
while [ $killed -lt "$kills" ] && [ $bad = 0 ]; do
  rm -f killed.*
  for try in 1 2 3 last; do
    number=$((number + 1))
    if [ -e killed.checkpoint ]; then
      resumed=$((resumed + 1))
      "$train" --quiet --resume killed.checkpoint --threads $((resumed % 2 + 1)) >stdout 2>stderr &
    else
      "$train" --quiet "$@" --epochs 12 --save killed.model --json killed.json --checkpoint killed.checkpoint >stdout 2>stderr &
    fi
    process=$!
    if [ $try != last ]; then
      sleep "$(random $number $((milliseconds * 2 / 3)))"
      kill -KILL $process 2>/dev/null
    fi
    { wait $process; } 2>/dev/null
    code=$?
    [ $code = 0 ] && break
    [ $code = 137 ] || fails "kill $killed: a training that is resumed ends with $code: $(cat stderr)"
    killed=$((killed + 1))
  done
  cmp -s whole.model killed.model || fails "kill $killed: the resumed training saves another model"
  figures killed.json | cmp -s - figures || fails "kill $killed: the resumed training has other figures"
done
[ $resumed -gt 0 ] || fails "no training was resumed"

# The networks of an ensemble have a checkpoint each. A training that is killed goes on with the network that it was at,
# and the checkpoints of another training are not taken for its own.
set -- --data digits.csv --label digit --hidden 32,16 --augment image:8x8 --noise 0.05 --whiten pca:20 --ensemble 3 --seed 5
"$train" --quiet --data digits.csv --label digit --hidden 32,16 --ensemble 3 --epochs 1 --checkpoint ensemble.checkpoint >stdout ||
  fails "an ensemble ends with $?"
"$train" --quiet "$@" --epochs 2 --save ensemble.model >stdout || fails "an ensemble ends with $?"
for seconds in 0.3 0.8 1.3; do
  rm -f ensemble.checkpoint
  "$train" --quiet "$@" --epochs 2 --save killed.model --checkpoint ensemble.checkpoint >stdout 2>stderr &
  process=$!
  for i in $(seq 100); do
    [ -e ensemble.checkpoint ] && break
    sleep 0.1
  done
  sleep $seconds
  kill -KILL $process 2>/dev/null
  { wait $process; } 2>/dev/null
  rm -f killed.model
  "$train" --quiet --resume ensemble.checkpoint --save killed.model >stdout 2>stderr || fails "an ensemble is resumed with $?: $(cat stderr)"
  cmp -s ensemble.model killed.model || fails "a resumed ensemble saves other bytes"
done

# After Ctrl-C and SIGTERM the training goes on too. With --checkpoint-every 4, it goes on after epoch 4, 8 or 12. env
# undoes that a shell makes programs that it starts with & ignore Ctrl-C.
set -- --data digits.csv --label digit --hidden 64,32 --dropout 0.1 --optimizer adam --schedule cosine --seed 7
for signal in INT TERM; do
  rm -f early.*
  env --default-signal=INT --default-signal=TERM "$train" --quiet "$@" --epochs 1000 --save early.model \
    --checkpoint early.checkpoint --checkpoint-every 4 >stdout 2>stderr &
  process=$!
  for i in $(seq 100); do
    [ -e early.checkpoint ] && break
    sleep 0.1
  done
  kill -$signal $process
  wait $process
  code=$?
  [ $code = 130 ] || [ $code = 143 ] || fails "after SIG$signal it ends with $code"
  grep -q "It goes on with --resume early.checkpoint" stdout || fails "after SIG$signal it does not say how to go on: $(cat stdout)"
done

# Any name of a file is kept as it is, if it is UTF-8.
odd=$(printf "odd [a], 'b' \\ \"c\" \303\251=--x\n.csv")
cp digits.csv "$odd"
"$train" --quiet --epochs 1 --hidden 4 --data "./$odd" --save odd.model --checkpoint odd.checkpoint >stdout ||
  fails "an odd name ends with $?"
cp odd.model before.model
"$train" --quiet --resume odd.checkpoint >stdout || fails "a training with an odd name is resumed with $?"
cmp -s odd.model before.model || fails "a training with an odd name is resumed to another model"
latin=$(printf 'latin\351.csv')
cp digits.csv "$latin"
refuses "is not UTF-8, so --checkpoint cannot keep it" --epochs 1 --data "$latin" --checkpoint latin.checkpoint

# What may not change.
refuses "--epochs cannot be given with --resume" --resume whole.checkpoint --epochs 20
refuses "--data cannot be given with --resume" --resume whole.checkpoint --data digits.csv
refuses "--checkpoint cannot be given with --resume" --resume whole.checkpoint --checkpoint other.checkpoint
refuses "--checkpoint-every" --checkpoint-every 2
refuses "there is no such file" --resume nowhere.checkpoint
refuses "it is no checkpoint, but a file of the kind 'verifier'" --resume whole.model
refuses "digits.csv: its header would have" --resume digits.csv
refuses "whole.checkpoint of --resume is the one of --save too" --resume whole.checkpoint --save whole.checkpoint
refuses "x.model of --checkpoint is the one of --save too" --save x.model --checkpoint x.model
refuses "is the one of --data too" "$@" --checkpoint digits.csv
head -c 3000 whole.checkpoint >cut.checkpoint
refuses "cut.checkpoint" --resume cut.checkpoint
mkdir elsewhere
(cd elsewhere && "$train" --quiet --resume ../whole.checkpoint >stdout 2>stderr)
grep -q "digits.csv: there is no such file" elsewhere/stderr || fails "from another folder, it says: $(cat elsewhere/stderr)"
sed '2s/^[0-9]*,/9,/' digits.csv >other.csv && mv other.csv digits.csv
refuses "digits.csv: it is not the file of --data with which the training in whole.checkpoint began" --resume whole.checkpoint
[ -z "$(find . -name '.gemel-*' -newer stderr)" ] || fails "a run left its scratch files"

[ $bad = 0 ] && echo "$killed kills, $resumed trainings resumed: all save the same bytes"
exit $bad
