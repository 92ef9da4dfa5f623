// error: gemel: this layer, activation, distance or scorer has no name, so it cannot be saved or loaded
#include "gemel/io/model_file.hpp"

/// A layer derived from Dropout. It has another name than Dropout, because it may compute something else.
#if defined(REPAIRED)
using Layer = gemel::Dropout<5>;
#else
struct Layer : gemel::Dropout<5> {};
#endif

void write(const gemel::Network<float, Layer>& network) { gemel::save("file", network); }
