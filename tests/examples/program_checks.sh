# What the tests of the programs share. They read this file after they have set `program`, the path of one; it is not run
# on its own. It makes the folder `files`, in which the rest of the script runs.
program_name=$(basename "$program")
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
root=$(cd "$(dirname "$0")/../.." && pwd)
bad=0
cd "$files" || exit 2

fails() {
  echo "$1" && bad=1
}

refuses() {  # refuses WORDS ARGUMENT...: exit code 2, one sentence on stderr with these words, and no output
  words=$1
  shift
  timeout 300 "$program" "$@" >stdout 2>stderr </dev/null
  code=$?
  if [ $code != 2 ] || [ "$(wc -l <stderr)" != 1 ] || [ -s stdout ] || ! grep -q "^$program_name: " stderr ||
    ! grep -qF -e "$words" stderr; then
    fails "$program_name $*: exit code $code, expected 2 and one sentence with '$words', but it said: $(cat stdout stderr)"
  fi
}

says() {  # says CODE WORDS ARGUMENT...
  expected=$1
  words=$2
  shift 2
  timeout 300 "$program" "$@" >stdout 2>stderr </dev/null
  code=$?
  { [ $code = "$expected" ] && [ ! -s stderr ] && grep -qF -e "$words" stdout; } ||
    fails "$program_name $*: exit code $code, expected $expected and '$words', but: $(cat stdout stderr)"
}

number() { sed -n "s/^  \"$1\": \([^,]*\),*$/\1/p" "$2"; }  # number KEY JSON
