#include <gemel/gemel.hpp>
#include <gemel/io/csv.hpp>
#include <iostream>
#include <cmath>
#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>
using namespace gemel;
int main(){try {
  read_csv<float>("people.csv", {.label = "name"});
} catch (const FormatError& error) {
  std::cerr << error.what() << '\n';   // people.csv, line 3, column 'b': 'x' is not a number …
}
}