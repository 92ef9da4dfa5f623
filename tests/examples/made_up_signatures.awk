# Makes made-up signatures in the format of SVC2004: awk -v folder=DIR -v signers=8 -f made_up_signatures.awk
# A signer's pen follows waves with shapes, a speed and a pressure of the signer's own. The second ten signatures, as if
# of another day, differ a little more from the first ten than these do among themselves. A forger copies the shape, but
# writes it with another rhythm.
function random() {  # in [0, 1), the same in every awk (Park and Miller, "Random number generators: good ones are hard to find", 1988)
  state = (16807 * state) % 2147483647
  return state / 2147483647
}
function about(value, share) { return value * (1 + share * (2 * random() - 1)) }
BEGIN {
  pi = 3.14159265358979
  for (u = 1; u <= signers; u++) {
    state = 1000 * u + 7
    for (b = 0; b < 10; b++) random()
    for (w = 1; w <= 5; w++) {
      high[w] = 400 * random(); phase[w] = 2 * pi * random(); beat[w] = w + 2 * random()
      sway[w] = 0.3 * random(); lag[w] = 2 * pi * random()
    }
    points = 90 + int(60 * random()); press = 300 + 500 * random(); gap = 0.3 + 0.4 * random()
    for (s = 1; s <= 40; s++) {
      day = s > 10 && s <= 20 ? 0.05 : 0.03
      forged = s > 20
      n = int(about(forged ? points * 1.25 : points, 0.06))
      wide = about(2000, day); tall = about(1, day); force = about(forged ? 0.8 * press : press, 2 * day)
      for (w = 1; w <= 5; w++) {
        h[w] = about(high[w], forged ? 0.15 : day); p[w] = phase[w] + 2 * day * (2 * random() - 1)
        r[w] = about(sway[w], 0.2); l[w] = forged ? 2 * pi * random() : lag[w] + 4 * day * (2 * random() - 1)
      }
      file = folder "/U" u "S" s ".TXT"
      print n >file
      for (i = 0; i < n; i++) {
        t = i / (n - 1)
        along = t
        for (w = 1; w <= 5; w++) along += r[w] * sin(pi * t) * sin(w * 2 * pi * t + l[w]) / (4 * w)
        y = 3000
        for (w = 1; w <= 5; w++) y += tall * h[w] * sin(2 * pi * beat[w] * along + p[w])
        level = force * (0.6 + 0.4 * sin(6 * pi * along + p[1])) + 20 * random()
        if (t > gap && t < gap + 0.04) level = 0
        printf "%d %d %d %d %d %d %d\n", 2000 + wide * along + 5 * random(), y + 5 * random(), 1000 + 10 * i, (level > 0), 1400 + 60 * p[2], 600 + 20 * h[2] / 400, level >file
      }
      close(file)
    }
  }
}
