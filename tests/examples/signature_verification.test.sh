#!/bin/sh
# Runs signature_verification on made-up signatures: it learns, reports and saves; then new processes enrol and verify.
# With GEMEL_DATA, a folder that holds svc2004_task2.tar.gz, it also checks the error rates on SVC2004.
#   sh tests/examples/signature_verification.test.sh PATH_OF_SIGNATURE_VERIFICATION
set -u
export LC_ALL=C
program=$1
. "$(dirname "$0")/program_checks.sh"
below() { awk -v value="$1" -v bound="$2" 'BEGIN { exit !(value != "" && value <= bound) }'; }

mkdir data
awk -v folder=data -v signers=8 -f "$root/tests/examples/made_up_signatures.awk"

# Learning: the table, the sentence, the files; each protocol.
says 0 "The network " --data data --quiet --networks 1 --threads 1 --json unknown.json --save unknown.model --report report
cp stdout saved
for row in raw whitened network; do grep -q "^  $row  *[0-9.]* %" stdout || fails "the table has no row $row: $(cat stdout)"; done
for key in eer auc accuracy threshold far frr seconds train_pairs test_pairs rows best seed notes options protocol templates random_far verdict worst_errors; do
  grep -q "^  \"$key\": " unknown.json || fails "the JSON has no $key"
done
[ "$(number templates unknown.json)" = 5 ] || fails "the templates are not five: $(number templates unknown.json)"
[ "$(number test_pairs unknown.json)" = $((8 * 35)) ] || fails "not all claims were tried: $(number test_pairs unknown.json)"
below "$(number eer unknown.json)" 0.25 || fails "the network learnt nothing: $(number eer unknown.json)"
for picture in loss distances roc det errors; do
  [ -s report/$picture.gp ] || fails "there is no $picture.gp"
  if command -v gnuplot >/dev/null; then [ -s report/$picture.png ] || fails "there is no $picture.png"; fi
done
says 0 "as SVC2004 reports" --data data --quiet --networks 1 --protocol competition --json competition.json
grep -q '"mean_signer_eer": {' competition.json || fails "the JSON has no mean of the signers' rates"
says 0 "The network " --data data --quiet --networks 1 --protocol known --json known.json --save known.model --report known_report
[ -s known_report/embedding.gp ] || fails "there is no picture of known signers' embeddings"
cp stdout saved_known
[ "$(number templates known.json)" = 10 ] || fails "the templates are not ten: $(number templates known.json)"

# The same figures and bytes for any number of threads, and for the same seed.
says 0 "The network " --data data --quiet --networks 1 --threads 2 --json again.json --save again.model
cmp -s unknown.model again.model || fails "two threads save another model than one"
[ "$(number eer unknown.json)" = "$(number eer again.json)" ] || fails "two threads give another rate than one"

# New processes decide as the table did: the error rates of the first fold, whose model was saved, are those of the
# claims that are tried one after another.
files_of() { seq "$2" "$3" | sed "s|.*|data/$1S&.TXT|"; }  # files_of SIGNER FIRST LAST
accepted() { sed -n 's/^\([0-9]*\) of [0-9]* claims .*/\1/p' stdout; }
tries() {  # tries MODEL JSON ROW TEMPLATES FIRST_FORGERY: prints the share of forgeries accepted and of genuine ones not
  signers=$(sed -n '/"first_fold"/,/]/p' "$2" | sed -n 's/^ *"\(U[0-9]*\)".*/\1/p')
  [ -n "$signers" ] || fails "$2 has no first fold"
  genuine=0 forged=0 persons=0
  for signer in $signers; do
    persons=$((persons + 1))
    # shellcheck disable=SC2046  # one word per file
    "$program" enrol "$1" "$signer" $(files_of "$signer" 1 "$4") >stdout 2>&1 || fails "$(cat stdout)"
    # shellcheck disable=SC2046
    "$program" verify "$1" "$signer" $(files_of "$signer" $(($4 + 1)) 20) >stdout 2>&1
    genuine=$((genuine + $(accepted)))
    # shellcheck disable=SC2046
    "$program" verify "$1" "$signer" $(files_of "$signer" "$5" 40) >stdout 2>&1
    forged=$((forged + $(accepted)))
  done
  sed -n '/"first_fold"/,/"templates"/p' "$2" | sed -n "/\"$3\"/,/}/p" >rates
  far=$(sed -n 's/.*"far": \([^,]*\).*/\1/p' rates)
  frr=$(sed -n 's/.*"frr": \([^,]*\).*/\1/p' rates)
  awk -v far="$far" -v frr="$frr" -v forged=$forged -v genuine=$genuine -v all_forged=$((persons * (41 - $5))) \
    -v all_genuine=$((persons * (20 - $4))) 'BEGIN {
      a = forged / all_forged; b = 1 - genuine / all_genuine
      exit !(far != "" && (a - far) ^ 2 < 1e-12 && (b - frr) ^ 2 < 1e-12)
    }' || fails "$1 accepts $forged forged and $genuine genuine signatures, but the table has FAR $far and FRR $frr"
}
saved_row() { sed -n 's/^model: .*, the row \([a-z]*\).*/\1/p' "$1"; }
tries unknown.model unknown.json "$(saved_row saved)" 5 21
tries known.model known.json "$(saved_row saved_known)" 10 31
signer=$(echo "$signers" | head -n 1)
says 0 "$signer is removed" forget known.model "$signer"
refuses "nobody of the name '$signer'" verify known.model "$signer" data/U3S1.TXT

# Bad input.
refuses "give --data" --quiet
refuses "at least 8 are needed" --data report
refuses "the folder cannot be read" --data nowhere
refuses "is no command" data
refuses "verify takes MODEL NAME FILE" verify unknown.model U3
refuses "has no effect with verify" verify unknown.model U3 data/U3S1.TXT --seed 2
refuses "at least two different signatures" enrol unknown.model U3 data/U3S1.TXT data/U3S1.TXT
refuses "there is no such file" enrol unknown.model U3 data/U3S1.TXT data/U3S99.TXT
mkdir few && cp data/U[1-7]S*.TXT few
refuses "signatures of 7 signers" --data few
mkdir missing && cp data/U*S*.TXT missing && rm missing/U2S17.TXT
refuses "signature 17 of signer 2 is missing" --data missing
printf '3\n1 1 0 1 0 0 5\n2 2 10 1 0 0 5\n' >short.TXT
refuses "fewer points than its first line says" enrol unknown.model U3 short.TXT short.TXT
printf '2\n1 1 0 1 0 0 5\n2 2 ten 1 0 0 5\n' >text.TXT
refuses "text.TXT, line 3" enrol unknown.model U3 text.TXT text.TXT
printf '2\n1 1 900 1 0 0 5\n2 2 10 1 0 0 5\n' >backwards.TXT
refuses "the time runs backwards" enrol unknown.model U3 backwards.TXT backwards.TXT
printf '2\n1 1 0 1 0 0 5\n1 1 10 1 0 0 5\n' >still.TXT
refuses "the pen does not move" enrol unknown.model U3 still.TXT still.TXT
head -c 200 unknown.model >cut.model
refuses "cut.model" verify cut.model U3 data/U3S1.TXT

if [ -n "${GEMEL_DATA:-}" ] && [ -e "$GEMEL_DATA/svc2004_task2.tar.gz" ]; then
  mkdir svc && tar -xzf "$GEMEL_DATA/svc2004_task2.tar.gz" -C svc
  says 0 "The network " --data svc --quiet --protocol known --networks 1 --json known.json
  below "$(number eer known.json)" 0.085 || fails "known signers: $(number eer known.json)"
  says 0 "The network " --data svc --quiet --protocol unknown --json unknown.json
  below "$(number eer unknown.json)" 0.09 || fails "unknown signers: $(number eer unknown.json)"
  below "$(number random_far unknown.json)" 0.01 || fails "random forgeries: $(number random_far unknown.json)"
else
  echo "skipped: GEMEL_DATA names no folder with svc2004_task2.tar.gz, so the error rates on SVC2004 were not checked"
fi
exit $bad
