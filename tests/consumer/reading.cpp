#include <gemel/gemel.hpp>
#include <gemel/io/csv.hpp>
#include <gemel/io/idx.hpp>

// The readers, for the compiler's warnings at -O3.
gemel::CsvData<float> people() { return gemel::read_csv<float>("people.csv", {.label = "name"}); }
gemel::Samples<float> images() { return gemel::read_idx<float>("images"); }
