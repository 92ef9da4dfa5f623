# Reads the kernels' assembly as GCC or Clang writes it, for aarch64 or for x86-64 in AT&T syntax. Prints each
# instruction that loads a vector register from the stack or stores one there, in an inner loop that multiplies and
# adds. Then prints one line per instruction set, with the number of such loops. Loops that also add scalars are
# ignored: they add the lanes of a packet through memory, once per distance. So are loops that call a function, around
# which the sums must be stored: with NEON, those of rows that do not fill a packet.

# A function's instructions are text[0], …, text[lines - 1], and at[l] is the index of the instruction after label l. A
# backward jump closes a loop: last[l] is the index of the last backward jump to label l. target[i] is the label to which
# instruction i jumps, and sources[i] lists the jumps to instruction i.
function start(symbol) {
  name = symbol
  lines = 0
  stack = "\\(%rsp\\)|\\[sp[],]"
  delete at
  delete last
  delete target
}

function instruction(i, pattern) { return text[i] ~ "^[ \t]*" pattern }

function goes_on(i) { return !instruction(i, "(jmp|ret|b[ \t]|br[ \t])") }

# Finds the instructions of the loop from label l to its last backward jump: those from which that jump is reached
# without passing the label. Compilers also put instructions between the two that are run only after the loop.
function find_body(l,  i, queue, count, next_one, places, k) {
  delete body
  body[at[l]] = 1
  queue[0] = last[l]
  count = 1
  for (next_one = 0; next_one < count; ++next_one) {
    i = queue[next_one]
    if (i in body || i + 0 < at[l] || i + 0 > last[l]) continue
    body[i] = 1
    if (i > 0 && goes_on(i - 1)) queue[count++] = i - 1
    k = split(sources[i], places, " ")
    while (k > 0) queue[count++] = places[k--]
  }
}

function look(  l, inside, inner, fused, scalar, i) {
  delete sources
  for (i in target) if (target[i] in at) sources[at[target[i]]] = sources[at[target[i]]] " " i
  for (i in target) {
    l = target[i]
    if (l in at && i + 0 >= at[l] && (!(l in last) || i + 0 > last[l])) last[l] = i + 0
  }
  for (l in last) {
    find_body(l)
    inner = 1
    for (inside in last) if (inside != l && at[inside] in body && last[inside] in body) inner = 0
    fused = scalar = 0
    for (i in body) {
      if (instruction(i, "(vfn?madd|fml[as])")) fused = 1
      if (instruction(i, "(vadds[sd]|fadd[ \t]+[sd]|call|bl[ \t])")) scalar = 1
    }
    if (!inner || !fused || scalar) continue
    if (match(name, /(avx512|avx2|portable)/)) ++loops[substr(name, RSTART, RLENGTH)]
    for (i in body) {
      if (text[i] ~ stack && text[i] ~ /%[xyz]mm|[ \t][qv][0-9]+[.,]/) print name ", loop " l ":" text[i]
    }
  }
}

/^[A-Za-z_][A-Za-z0-9_.$]*:/ { start(substr($1, 1, index($1, ":") - 1)); next }
/^\.L[A-Za-z0-9_$]+:/ { at[substr($1, 1, index($1, ":") - 1)] = lines; next }
/^[ \t]+\.size/ { look(); start(""); next }
/^[ \t]+[a-z]/ {
  text[lines] = $0
  # In functions with a frame pointer, the stack is also accessed through it; in others that register is for general
  # use.
  if (instruction(lines, "mov[q]?[ \t]+%rsp, %rbp")) stack = stack "|\\(%rbp\\)"
  if (instruction(lines, "(mov|add)[ \t]+x29, sp")) stack = stack "|\\[x29[],]"
  if (instruction(lines, "(j|b|cbn?z|tbn?z)")) target[lines] = $NF
  ++lines
}
END { for (set in loops) print set ": " loops[set] " inner loops" }
