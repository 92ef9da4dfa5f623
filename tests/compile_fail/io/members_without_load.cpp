// error: gemel: this type has data members, but no member `load`, so a file would lose their values
#include "gemel/io/model_file.hpp"

struct Weighted : gemel::Euclidean {
  double factor = 1;
#if defined(REPAIRED)
  template <class To>
  void save(To& to) const {
    to.number("factor", factor);
  }
  template <class From>
  static Weighted load(const From& from) {
    return {{}, from.number("factor")};
  }
#endif
};
template <>
inline constexpr std::string_view gemel::type_name<Weighted> = "Weighted";

using Model = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>, Weighted>;

void write(const Model& model) { gemel::save("file", model); }
