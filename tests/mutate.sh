#!/bin/sh
# Shows that the tests notice a wrong sign. For each line of the list below, it reverses one sign in a copy of the
# library (in a backward pass, a slope, a loss or an update), builds the test file that the line names, and prints the
# test that fails. A change that no test notices is an error.
#   sh tests/mutate.sh [PATTERN]      makes only the changes whose line matches the regular expression
#   sh tests/mutate.sh --every N      makes every Nth change; the commit decides with which it begins
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

# header under include/gemel @ sed command that changes it @ file under tests/, without .test.cpp
changes() {
  grep -v -e '^#' -e '^$' <<'END'
# Activations. Dense takes ReLU's slope from a kernel.
network/activation.hpp @ /struct Linear/,/^};/ s/return 1;/return -1;/ @ network/activation
network/activation.hpp @ /struct ReLU/,/^};/ s/y > 0 ? 1 : 0/y > 0 ? -1 : 0/ @ network/activation
network/activation.hpp @ /struct LeakyReLU/,/^};/ s/y > 0 ? 1 : static/y > 0 ? 1 : -static/ @ network/activation
network/activation.hpp @ s/(1 - y) \* (1 + y)/(1 - y) * (y - 1)/ @ network/activation
network/activation.hpp @ s/y \* (1 - y)/y * (y - 1)/ @ network/activation
core/kernel/elementwise.inl @ s/keep_if_positive(load(y + i), load(dy + i))/sub(broadcast(S{0}), &)/ @ network/dense

# Layers
network/dense.hpp @ /void backward(/,/^  }/ s/^  }/  dx *= -1; }/ @ network/dense
network/dense.hpp @ s/return slope \* activation_/return -slope * activation_/ @ network/dense
network/dense.hpp @ /void add_gradient/,/^  }/ s/^  }/  for (S\& v : g) v = -v; }/ @ network/dense
core/kernel/gradient.inl @ s/(sum\[j\]\[i\], left/(sum[j][i], -left/ @ network/dense
core/kernel/product.inl @ s/(keep, i, last), sum/(keep, i, last), -sum/ @ core/kernel
network/dense_passes.hpp @ s/(largest_dx, largest)/(largest_dx, -largest)/ @ network/dense
core/kernel/gradient.inl @ s/= add(sum/= sub(sum/ @ network/dense
network/dropout.hpp @ s/apply(dy.*;/{ & dx.col(j) *= -1; }/ @ network/dropout
network/gaussian_noise.hpp @ s/dx.col(j) = dy/dx.col(j) = -dy/ @ network/gaussian_noise
network/l2_normalize.hpp @ s/dx.col(j) = (dy/dx.col(j) = -(dy/ @ network/l2_normalize
network/l2_normalize.hpp @ s/(dy.col(j) - y/(dy.col(j) + y/ @ network/l2_normalize
network/feature_scaling.hpp @ s/static_cast<S>(factor_\[i\]/static_cast<S>(-factor_[i]/ @ network/standardize
network/feature_scaling.hpp @ s/static_cast<S>(factor_\[i\]/static_cast<S>(-factor_[i]/ @ network/rescale
network/feature_scaling.hpp @ s/static_cast<S>(factor_\[i\]/static_cast<S>(-factor_[i]/ @ network/centering
network/whitening.hpp @ /void backward(/,/^  }/ s/^  }/  dx *= -1; }/ @ network/whitening
network/whitening.hpp @ s/(from\[i\]) - mean/(from[i]) + mean/ @ network/whitening
core/kernel/scaling.inl @ s/= mul(sub(/= mul(add(/ @ core/kernel/scaling

# Distances
core/kernel/distances.inl @ s/da\[i\] = fma(/da[i] = fnma(/ @ core/kernel/distances
core/kernel/distances.inl @ s/i, fnma(c, difference/i, fma(c, difference/ @ core/kernel/distances
core/kernel/distances.inl @ s/P da = fma(c/P da = fnma(c/ @ core/kernel/distances
core/kernel/distances.inl @ s/db = fnma(c/db = fma(c/ @ core/kernel/distances
network/distance.hpp @ s/d > 0 ? slope/d > 0 ? -slope/ @ network/distance
network/distance.hpp @ s/return 2 \* slope/return -2 * slope/ @ network/distance
network/distance.hpp @ s/? slope : a\[i\] < b\[i\] ? -slope/? -slope : a[i] < b[i] ? slope/ @ network/distance
network/distance.hpp @ /struct Manhattan/,/^};/ s/db\[i\] -=/db[i] +=/ @ network/distance
network/distance.hpp @ /struct Cosine/,/^};/ s/da\[i\] -=/da[i] +=/ @ network/distance
network/distance.hpp @ /struct Cosine/,/^};/ s/db\[i\] -=/db[i] +=/ @ network/distance
network/distance.hpp @ /struct Cosine/,/^};/ s/\/ norm_b - a/\/ norm_b + a/ @ network/distance

# Losses
loss/residual.hpp @ s/slope\[first + i\] = static/slope[first + i] = -static/ @ loss/contrastive_loss
loss/residual.hpp @ s/slope\[first + i\] = static/slope[first + i] = -static/ @ loss/hadsell_loss
loss/residual.hpp @ s/slope\[first + i\] = static/slope[first + i] = -static/ @ loss/positive_margin_loss
loss/online_contrastive_loss.hpp @ s/slope\[i\] = static/slope[i] = -static/ @ loss/online_contrastive_loss
loss/non_zero_contrastive_loss.hpp @ s/slope\[i\] = static/slope[i] = -static/ @ loss/non_zero_contrastive_loss
loss/unsquared_contrastive_loss.hpp @ s/: share \*/: -share */ @ loss/unsquared_contrastive_loss

# Optimizers
core/kernel/update_sgd.inl @ s/return fnma(broadcast(r.rate), g/return fma(broadcast(r.rate), g/ @ optimizer/sgd
core/kernel/update_sgd.inl @ s/w = fnma(rate, r.nesterov/w = fma(rate, r.nesterov/ @ optimizer/sgd
core/kernel/update_sgd.inl @ s/m = flush<S>(fnma(rate/m = flush<S>(fma(rate/ @ optimizer/sgd
core/kernel/update_sgd.inl @ s/nesterov ? fnma(rate/nesterov ? fma(rate/ @ optimizer/sgd
core/kernel/update_sgd.inl @ s/w = add(w, r.nesterov/w = sub(w, r.nesterov/ @ optimizer/sgd
core/kernel/update_sgd.inl @ s/m = flush<S>(fma(momentum/m = flush<S>(fnma(momentum/ @ optimizer/sgd
core/kernel/update.inl @ s/g = fma(broadcast(rule.l2)/g = fnma(broadcast(rule.l2)/ @ optimizer/sgd
core/kernel/update.inl @ s/w = fnma(broadcast(rule.decay)/w = fma(broadcast(rule.decay)/ @ optimizer/sgd
core/kernel/update_rmsprop.inl @ s/return fnma(broadcast(r.rate), direction/return fma(broadcast(r.rate), direction/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/pytorch ? fnma(rate, m/pytorch ? fma(rate, m/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/w = fnma(rate, d/w = fma(rate, d/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/: sub(w, m)/: add(w, m)/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/_of_squares<S>(fma(mul/_of_squares<S>(fnma(mul/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/_of_squares<S>(fma(new_part/_of_squares<S>(fnma(new_part/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/a = flush<S>(fma/a = flush<S>(fnma/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/fnma(a, a, v)/fma(a, a, v)/ @ optimizer/rmsprop
core/kernel/update_rmsprop.inl @ s/m = flush<S>(fma(broadcast(r.momentum)/m = flush<S>(fnma(broadcast(r.momentum)/ @ optimizer/rmsprop
core/kernel/update_adam.inl @ s/m = flush<S>(fma(broadcast(r.one/m = flush<S>(fnma(broadcast(r.one/ @ optimizer/adam
core/kernel/update_adam.inl @ s/_of_squares<S>(fnma(broadcast/_of_squares<S>(fma(broadcast/ @ optimizer/adam
core/kernel/update_adam.inl @ s/return sub(w, direction)/return add(w, direction)/ @ optimizer/adam
core/kernel/waiting_tile.inl @ s/g = load(numerator + i)/g = sub(broadcast(S{0}), load(numerator + i))/ @ core/kernel/fused_update

# The step that joins them
training/backward_pass.hpp @ s/memory_.slope\[p\],$/-&/ @ training/gradient_check
training/backward_pass.hpp @ s/coefficient(d\[p\], slope/coefficient(d[p], -slope/ @ training/gradient_check
training/backward_pass.hpp @ s/coefficient(memory_.d\[p\], slope/coefficient(memory_.d[p], -slope/ @ training/gradient_check
END
}

# Builds and runs one test file, and prints the output of the tests. The headers in the folder replace those of the
# library. The kernels take longer to compile than most tests, so only a change in core/ compiles them again. All others
# link the object file kernels.o.
try() { # FOLDER HEADER TEST
  case $2 in
    core/*) include=common.hpp objects=main.o ;;
    *) include=common_extern.hpp objects="main.o kernels.o" ;;
  esac
  # shellcheck disable=SC2086  # one word per object
  (cd "$work" && "$CXX" -std=c++20 -O0 -pthread -include "$work/$include" -I "$1" -I "$root/include" -I "$root/tests" \
    $eigen -DGEMEL_TEST_DATA="\"$root/tests\"" "$root/tests/$3.test.cpp" $objects $libraries -o "$1/test") || return 2
  "$1/test" --abort
}

# A test that fails without any change would prove nothing, so all of them must pass first.
pass_unchanged() { # TEST
  folder=$work/$(basename "$1")
  mkdir "$folder"
  try "$folder" "$1" "$1" >"$folder/log" 2>&1 || { cat "$folder/log" && return 1; }
}

# Makes the change of one line of the list, in a copy of its header.
break_one() { # LINE_NUMBER
  line=$(changes | sed -n "$1p")
  header=${line%% @ *}
  test=${line##* @ }
  command=${line#* @ }
  command=${command% @ *}
  folder=$work/$1
  copy=$folder/gemel/$header
  mkdir -p "$(dirname "$copy")"
  sed "$command" "$root/include/gemel/$header" >"$copy"
  status=0
  if cmp -s "$root/include/gemel/$header" "$copy"; then
    verdict="changes nothing"
  elif try "$folder" "$header" "$test" >"$folder/log" 2>&1; then
    verdict="no test of $test notices it"
  elif [ ! -e "$folder/test" ]; then
    verdict="does not compile: $(grep -m 1 error "$folder/log")"
  else
    verdict=
    caught=$(awk '/^------/ { getline; print; exit }' "$folder/log")
    echo "$header: $command: caught by \"$caught\""
  fi
  rm -rf "$folder"
  [ -z "$verdict" ] || { echo "$header: $command: $verdict" && status=1; }
  return $status
}

case ${1:-} in
  --one)
    break_one "$2"
    exit
    ;;
  --unchanged)
    pass_unchanged "$2"
    exit
    ;;
esac

if [ "${1:-}" = --every ]; then
  # The name of the commit, and not the number of commits, because CI often has only the last commit.
  begin=$((0x$(git -C "$root" rev-parse HEAD 2>/dev/null | cut -c 1-6 | grep . || echo 0)))
  numbers=$(changes | awk -v n="$2" -v first="$begin" '(NR + first) % n == 0 { print NR }')
else
  numbers=$(changes | grep -n -e "${1:-}" | cut -d : -f 1)
fi
[ -n "$numbers" ] || { echo "no line of the list in $0 matches '$*'" >&2 && exit 2; }

. "$root/examples/install.sh"
need libeigen3-dev catch2 nlohmann-json3-dev zlib1g-dev
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
eigen="-isystem $(eigen_folder)"
libraries="-lz"
[ ! -e /usr/include/catch2/catch_test_macros.hpp ] || libraries="-lCatch2Main -lCatch2 -lz"
export work eigen libraries
# Compiles a file with the flags of the tests.
compile() { # OPTION...
  # shellcheck disable=SC2086  # one word per option
  "$CXX" -std=c++20 -pthread -I "$root/include" -I "$root/tests" $eigen "$@"
}
printf '%s\n' '#include "catch.hpp"' '#include <Eigen/Core>' >"$work/common.hpp"
printf '%s\n' '#include "catch.hpp"' '#include "gemel/core/kernel_extern.hpp"' >"$work/common_extern.hpp"
for header in common common_extern; do
  compile -O0 -x c++-header "$work/$header.hpp" -o "$work/$header.hpp.gch"
done
compile -O0 -c "$root/tests/main.cpp" -o "$work/main.o"
echo '#include <gemel/core/kernel_instances.hpp>' >"$work/kernels.cpp"
compile -O1 -c "$work/kernels.cpp" -o "$work/kernels.o"

# Each test must pass before the change.
for number in $numbers; do changes | sed -n "$number s/.* @ //p"; done | sort -u |
  xargs -P "$(cores)" -n 1 sh "$0" --unchanged
echo "$numbers" | xargs -P "$(cores)" -n 1 sh "$0" --one
echo "$(echo "$numbers" | wc -l) changes, each seen by a test"
