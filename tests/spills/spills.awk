# Reads the kernels' assembly as GCC or Clang writes it, for aarch64 or for x86-64 in AT&T syntax. Prints each
# instruction that loads a vector register from the stack or stores one there, in an inner loop that multiplies and
# adds. Then prints one line per instruction set, with the number of such loops. Loops that also add scalars are
# ignored: they add the lanes of a packet through memory, once per distance.

# A function's instructions are text[0], …, text[lines - 1], and at[l] is the index of the instruction after label l. A
# backward jump closes a loop: last[l] is the index of the last backward jump to label l.
function start(symbol) {
  name = symbol
  lines = 0
  stack = "\\(%rsp\\)|\\[sp[],]"
  delete at
  delete last
}

function instruction(i, pattern) { return text[i] ~ "^[ \t]*" pattern }

function look(  l, inside, inner, fused, scalar, i) {
  for (l in last) {
    inner = 1
    for (inside in last) if (inside != l && at[inside] >= at[l] && last[inside] <= last[l]) inner = 0
    fused = scalar = 0
    for (i = at[l]; i <= last[l]; ++i) {
      if (instruction(i, "(vfn?madd|fml[as])")) fused = 1
      if (instruction(i, "(vadds[sd]|fadd[ \t]+[sd])")) scalar = 1
    }
    if (!inner || !fused || scalar) continue
    if (match(name, /(avx512|avx2|portable)/)) ++loops[substr(name, RSTART, RLENGTH)]
    for (i = at[l]; i <= last[l]; ++i) {
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
  if (instruction(lines, "(j|b|cbn?z|tbn?z)") && $NF in at) last[$NF] = lines
  ++lines
}
END { for (set in loops) print set ": " loops[set] " inner loops" }
