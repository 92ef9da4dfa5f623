// error: deleted (member )?function .*view
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
gemel::MatrixX<float> matrix = gemel::MatrixX<float>::Zero(5, 7);
gemel::Samples<float> samples = gemel::Samples<float>::view(matrix);
#else
gemel::Samples<float> samples = gemel::Samples<float>::view(gemel::MatrixX<float>::Zero(5, 7).eval());
#endif
