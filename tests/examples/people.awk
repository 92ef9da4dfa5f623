# Writes a made-up list of people with their addresses as CSV: two rows for each person, of which the share `damaged`
# has typing errors and missing cells, and a tenth as many people with one row.
#   awk -v people=500 -v damaged=0.05 -v seed=1 -f people.awk

function below(n) { return int(rand() * n) }
function pick(list, count) { return list[1 + below(count)] }

# The text with one typing error.
function mistyped(text,    at, letters) {
  if (length(text) < 3) return text
  at = 1 + below(length(text) - 1)
  letters = "abcdefghijklmnopqrstuvwxyz"
  if (rand() < 0.3) return substr(text, 1, at - 1) substr(text, at + 1)
  if (rand() < 0.5) return substr(text, 1, at) substr(letters, 1 + below(26), 1) substr(text, at + 1)
  return substr(text, 1, at - 1) substr(text, at + 1, 1) substr(text, at, 1) substr(text, at + 2)
}

function write(key, cells,    copy, edits, c, line) {
  for (c = 1; c <= 5; ++c) copy[c] = cells[c]
  if (rand() < damaged) {
    for (edits = 0; edits < 3; ++edits) {
      c = 1 + below(5)
      copy[c] = rand() < 0.2 ? "" : mistyped(copy[c])
    }
  }
  line = key
  for (c = 1; c <= 5; ++c) line = line ",\"" copy[c] "\""
  print line
}

BEGIN {
  srand(seed)
  firsts = split("Ada Alan Anna Ben Clara David Edith Emil Emma Frank Grace Hanna Hugo Ida Jakob John Julia Karl Laura Leo Lisa" \
        " Maria Mark Nina Olga Oscar Paul Peter Rosa Ruth Sam Sara Simon Sofia Tom Vera Walter Zoe", first, " ")
  lasts = split("Abel Adler Baker Barnes Becker Berg Brook Carter Clarke Dahl Dietz Eaton Ellis Falk Fisher Frost Garner Graf" \
        " Hale Hansen Harper Holm Irving Jansen Keller Klein Lang Larsen Lowe Mason Meyer Moore Nash Norton Olsen" \
        " Parker Peters Quinn Reed Richter Sander Stone Taylor Thorn Urban Vogel Wagner Walsh Weber York", last, " ")
  streets = split("Station Church High Mill Park Garden Bridge Castle King Queen School North South East West Forest Lake River" \
        " Market Hill", street, " ")
  citys = split("Ashford Bramley Carlton Denham Elmswell Fairview Grafton Hadley Ivybridge Kenton", city, " ")
  print "key,given,surname,street,city,postcode"
  for (p = 1; p <= people; ++p) {
    cells[1] = pick(first, firsts)
    cells[2] = pick(last, lasts)
    cells[3] = 1 + below(200) " " pick(street, streets) (rand() < 0.5 ? " Street" : " Road")
    cells[4] = pick(city, citys)
    cells[5] = 10000 + below(90000)
    write("p" p, cells)
    if (p % 10 != 0) write("p" p, cells)
  }
}
