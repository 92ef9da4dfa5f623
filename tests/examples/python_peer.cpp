// The C++ side of tests/examples/python.test.py: loads a verifier, embeds the samples in an .npy file, and writes to a
// folder what Python compares: parameters.npy, embeddings.npy, distances.npy (of samples 0 and 1, 1 and 2, …), and
// saved.gemel, the verifier saved again.
//   python_peer VERIFIER SAMPLES.npy FOLDER

#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>

#include "gemel/gemel.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/npy.hpp"

namespace {

using namespace gemel;

template <Scalar S>
void compare(const std::string& file, const std::string& samples, const std::filesystem::path& folder) {
  Metadata metadata;
  const auto verifier = load<Verifier<AnyModel<S>>>(file, metadata);
  const AnyModel<S>& model = verifier.model();
  const Samples<S> x = read_npy<S>(samples);
  VectorX<S> distances(x.size() - 1);
  for (Index i = 0; i + 1 < x.size(); ++i) distances[i] = verifier.distance(x[i], x[i + 1]);
  const VectorX<S> parameters = model.network().parameters();
  write_npy(folder / "parameters.npy", parameters);
  write_npy(folder / "embeddings.npy", model.embed(x.columns()));
  write_npy(folder / "distances.npy", distances);
  save(folder / "saved.gemel", verifier, metadata);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw std::runtime_error("python_peer VERIFIER SAMPLES.npy FOLDER");
  const bool single = gemel::describe(argv[1]).scalar == "F32";
  (single ? compare<float> : compare<double>)(argv[1], argv[2], argv[3]);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
