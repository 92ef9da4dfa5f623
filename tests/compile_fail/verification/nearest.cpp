// error: gemel: the embeddings of queries and gallery must be of the same scalar type
#include "gemel/gemel.hpp"

/// The queries are double and the gallery is float. When repaired, both are float.
#if defined(REPAIRED)
using Queries = gemel::MatrixX<float>;
#else
using Queries = gemel::MatrixX<double>;
#endif

void find(const Queries& queries, const gemel::MatrixX<float>& gallery) { gemel::nearest(queries, gallery); }
