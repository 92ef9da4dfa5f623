# Makes plain PGM images of made-up faces: awk -v folder=DIR -v first=1 -v people=16 -v images=6 -f made_up_faces.awk
# A person is eight blobs with places, sizes and brightnesses of their own. The images of a person differ in the
# position, the light and noise, and every second one is mirrored. DIR/pK must exist for each person K.
function random() {  # in [0, 1), the same in every awk (Park and Miller, "Random number generators: good ones are hard to find", 1988)
  state = (16807 * state) % 2147483647
  return state / 2147483647
}
BEGIN {
  size = 40
  for (p = first; p < first + people; p++) {
    state = 1000 * p + 7
    for (b = 0; b < 10; b++) random()
    for (b = 0; b < 8; b++) {
      row[b] = 6 + 28 * random(); col[b] = 6 + 28 * random(); width[b] = 4 + 30 * random(); bright[b] = 2 * random() - 1
    }
    for (i = 1; i <= images; i++) {
      file = folder "/p" p "/" i ".pgm"
      down = 3 * random() - 1.5; right = 3 * random() - 1.5; light = 0.04 * (random() - 0.5)
      for (b = 0; b < 8; b++) { y[b] = row[b] + 2 * random() - 1; x[b] = col[b] + 2 * random() - 1 }
      printf "P2\n# made up\n%d %d\n255\n", size, size >file
      for (r = 0; r < size; r++) {
        line = ""
        for (c = 0; c < size; c++) {
          v = 0.5 + light * (c - size / 2) + noise * (random() - 0.5)
          across = i % 2 ? c : size - 1 - c
          for (b = 0; b < 8; b++)
            v += 0.5 * bright[b] * exp(-((r - y[b] - down) ^ 2 + (across - x[b] - right) ^ 2) / width[b])
          v = int(255 * (v < 0 ? 0 : v > 1 ? 1 : v))
          line = line (c ? " " : "") v
        }
        print line >file
      }
      close(file)
    }
  }
}
