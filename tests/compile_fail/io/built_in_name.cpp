// error: gemel: this type's type_name is the name of a built-in layer, activation, distance or scorer; choose another
#include "gemel/io/model_file.hpp"

struct Half : gemel::Euclidean {};
#if defined(REPAIRED)
template <>
inline constexpr std::string_view gemel::type_name<Half> = "Half";
#else
template <>
inline constexpr std::string_view gemel::type_name<Half> = "Euclidean";
#endif

using Model = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>, Half>;

void write(const Model& model) { gemel::save("file", model); }
