#include <gemel/gemel.hpp>
#include <gemel/io/safetensors.hpp>

using namespace gemel;

// Weights written and read, in memory.
int main() {
  const MatrixX<float> weight{{1, 2, 3}, {4, 5, 6}};
  TensorFile file;
  file.add("layers.0.weight", weight);
  const TensorFile read = parse_safetensors(format_safetensors(file));
  return read.get_matrix<float>("layers.0.weight", 2, 3) == weight ? 0 : 1;
}
