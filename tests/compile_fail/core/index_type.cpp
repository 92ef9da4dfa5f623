// flags: -DEIGEN_DEFAULT_DENSE_INDEX_TYPE=int
// error: gemel: it needs Eigen's own index type
#include "gemel/gemel.hpp"
