#include <gemel/gemel.hpp>

// Needs the kernels, in a program of which another source file links them.
gemel::MatrixX<float> embedding(const gemel::Siamese<gemel::Network<float, gemel::Dense<3, 2>>>& model,
                                const gemel::MatrixX<float>& x) {
  return model.embed(x);
}
