# The half that the scripts train_command_lines.sh and verify_command_lines.sh share. They read this file; it is not run
# on its own. The current folder must contain `in`, which no command line may change, `out`, `nothing` and `lines`.

state() {  # state FOLDER: lists its content
  find "$1" -exec ls -ld --time-style=full-iso {} + && find "$1" -type f -exec cksum {} +
}

# Runs the program on each command line of the file `lines`, in which each word is a line, and an empty line ends a
# command line. «empty» stands for the empty word. Each must end in time, either with exit code 0, or 1 where CODES
# contains it, and output; or with exit code 2, one sentence on stderr, no output and no changed file. If the sentence
# names an epoch, the training has failed because of a number that is not finite: then lines about the data come before
# it, and the checkpoints of earlier epochs stay.
run_command_lines() {  # run_command_lines NAME PROGRAM COUNT CODES
  name=$1 program=$2 count=$3 codes=$4
  cases=0 refused=0 bad=0
  before_in=$(state in)
  before_out=$(state out)
  set --
  while IFS= read -r word; do
    if [ -n "$word" ]; then
      [ "$word" = "«empty»" ] && word=
      set -- "$@" "$word"
      continue
    fi
    cases=$((cases + 1))
    # PATH hides gnuplot, which would take longer than everything else.
    timeout 120 env PATH="$PWD/nothing" "$program" "$@" >stdout 2>stderr </dev/null
    code=$?
    fault=
    after_out=$(state out)
    case $code in
      2)
        refused=$((refused + 1))
        [ "$(wc -l <stderr)" = 1 ] && grep -q "^$name: ." stderr || fault="not one sentence"
        [ ! -s stdout ] || grep -q 'epoch [0-9]' stderr || fault="it refuses, but prints"
        [ "$after_out" = "$before_out" ] || grep -q 'epoch [0-9]' stderr || fault="it refuses, but writes"
        ;;
      [$codes]) [ -s stdout ] || fault="it says nothing" ;;
      *) fault="exit code $code" ;;
    esac
    [ "$(state in)" = "$before_in" ] && [ ! -e hurt ] || fault="it changes what is not its own"
    [ "$(ls)" = "$(printf '%s\n' in lines nothing out stderr stdout)" ] || fault="it leaves files"
    if [ -n "$fault" ]; then
      bad=$((bad + 1))
      echo "$fault:"
      printf " '%s'" "$@"
      printf '\n'
      head -n 5 stdout stderr
      rm -f hurt
    fi
    before_out=$after_out
    set --
  done <lines
  echo "$cases command lines, $refused refused, $bad wrong"
  [ $bad = 0 ] && [ $cases = "$count" ] && [ $refused -gt 0 ] && [ $refused -lt $cases ]
}
