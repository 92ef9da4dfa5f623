#!/bin/sh
# Runs the tests that take longer than five minutes: the random tests, repeated many times; random input to each of
# the readers, for ten minutes of processor time; 1,000 random command lines for train and verify; 1,000 kills of train
# at random instants, after which it must go on to the same bytes; 1,000 kills of verify enrol, after which the model
# must be the old or the new one; and train on the digits for the seeds 1 to 20, whose mean test EER must be at most
# 0.7 %.
#   sh tests/long.sh [PERCENT]      runs that share of them; the default is 100, and .ci/run runs 1
# 1 leaves out the random tests and the random input, because tests/run.sh runs a hundredth of both.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/install.sh"
need cmake
percent=${1:-100}
tests=${GEMEL_BUILD:-$root/build/tests-$(basename "$CXX")}/tests
train=${GEMEL_BUILD:-$root/build/quickstart}/examples/train
verify=${GEMEL_BUILD:-$root/build/quickstart}/examples/verify

if [ "$percent" -gt 1 ]; then
  echo "The random tests, $percent times over:"
  GEMEL_TEST_SCALE=$percent sh "$root/tests/run.sh" -R '^(core/team|fuzz/readers|io/checkpoint)$'

  seconds=$((600 * percent / 100))
  echo "Inputs to the readers, $seconds seconds of processor time each:"
  printf '%s\n' csv table aligned idx gzip npy safetensors model gallery checkpoint pgm svc2004 |
    GEMEL_FUZZ_SECONDS=$seconds xargs -P "$(cores)" -I '{}' "$tests/test_fuzz" '[{}]'
fi
sh "$root/examples/quickstart.sh" --help >/dev/null
lines=$((percent > 10 ? percent * 10 : 100))
echo "train with $lines random command lines:"
sh "$root/tests/fuzz/train_command_lines.sh" "$train" "$lines"
echo "verify with $lines random command lines:"
sh "$root/tests/fuzz/verify_command_lines.sh" "$train" "$verify" "$lines"

kills=$((percent * 10))
echo "train, killed $kills times:"
sh "$root/tests/examples/resume.test.sh" "$train" "$kills" 2
echo "verify enrol, killed $kills times:"
sh "$root/tests/examples/enrol.test.sh" "$train" "$verify" "$kills" 2

seeds=$(((percent * 20 + 99) / 100))
echo "train on the digits, $seeds of 20 seeds:"
sum=$(mktemp)
report=$(mktemp)
trap 'rm -f "$sum" "$report"' EXIT
seed=1
while [ "$seed" -le "$seeds" ]; do
  "$train" --seed "$seed" --json "$report" >/dev/null
  eer=$(sed -n 's/.*"eer": *\([0-9.e-]*\).*/\1/p' "$report" | head -n 1)
  echo "seed $seed: EER $eer" | tee -a "$sum"
  seed=$((seed + 1))
done
# The mean of a few seeds may be larger than that of all twenty.
awk -v seeds="$seeds" '
  { sum += $NF }
  END {
    bound = seeds == 20 ? 0.007 : 0.015
    printf "mean EER %.4f, at most %.3f: %s\n", sum / NR, bound, NR == seeds && sum / NR <= bound ? "holds" : "broken"
    exit !(NR == seeds && sum / NR <= bound)
  }' "$sum"
