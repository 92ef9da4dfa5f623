// flags: -std=c++17
// error: gemel needs C\+\+20: compile with -std=c\+\+20
// and no other
#include "gemel/gemel.hpp"

using namespace gemel;

Rng rng{42};
const Samples<float> samples{uniform<float>(100, 100, rng)};
