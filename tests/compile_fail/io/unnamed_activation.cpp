// error: gemel: this layer, activation, distance or scorer has no name, so it cannot be saved or loaded
#include "gemel/io/model_file.hpp"

struct Twice {
  template <gemel::Scalar S>
  S value(S z) const {
    return 2 * z;
  }
  template <gemel::Scalar S>
  S slope(S) const {
    return 2;
  }
};
#if defined(REPAIRED)
template <>
inline constexpr std::string_view gemel::type_name<Twice> = "Twice";
#endif

void write(const gemel::Network<float, gemel::Dense<5, 3, Twice>>& network) { gemel::save("file", network); }
