// flags: -DEIGEN_DEFAULT_TO_ROW_MAJOR
// error: gemel: one sample is one column, so it needs Eigen's own storage order
#include "gemel/gemel.hpp"
