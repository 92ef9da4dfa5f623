#include <gemel/gemel.hpp>
#include <gemel/io/csv.hpp>
#include <gemel/io/idx.hpp>
#include <gemel/io/npy.hpp>

// Uses the readers and the writer, so that the compiler can warn about them at -O3.
gemel::CsvData<float> people() { return gemel::read_csv<float>("people.csv", {.label = "name"}); }
gemel::Samples<float> images() { return gemel::read_idx<float>("images"); }
gemel::Samples<float> array() { return gemel::read_npy<float>("array.npy"); }
gemel::Classes classes() { return gemel::read_npy_classes("classes.npy"); }
void keep(const gemel::MatrixX<float>& embeddings) { gemel::write_npy("embeddings.npy", embeddings); }
