// error: gemel: this type's member `load` must be static and return the type itself
#include "gemel/io/model_file.hpp"

/// It inherits Dropout's load, which returns a Dropout.
struct Layer : gemel::Dropout<5> {
  using gemel::Dropout<5>::Dropout;
#if defined(REPAIRED)
  template <class From>
  static Layer load(const From& from) {
    return Layer(from.number("rate"));
  }
#endif
};
template <>
inline constexpr std::string_view gemel::type_name<Layer> = "Layer";

auto read() { return gemel::load<gemel::Network<float, Layer>>("file"); }
