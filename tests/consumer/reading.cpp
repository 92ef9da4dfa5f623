#include <gemel/gemel.hpp>
#include <gemel/io/csv.hpp>
#include <gemel/io/idx.hpp>

// Uses the readers, to see the compiler's warnings about them at -O3.
gemel::CsvData<float> people() { return gemel::read_csv<float>("people.csv", {.label = "name"}); }
gemel::Samples<float> images() { return gemel::read_idx<float>("images"); }
