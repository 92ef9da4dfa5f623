// error: deleted (member )?function .*view
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
using Matrix = gemel::MatrixX<float>;
#else
using Matrix = Eigen::Matrix<float, gemel::Dynamic, gemel::Dynamic, Eigen::RowMajor>;
#endif

// A view of a row-major matrix would refer to a temporary column-major copy.
Matrix matrix = Matrix::Zero(5, 7);
gemel::Samples<float> samples = gemel::Samples<float>::view(matrix);
