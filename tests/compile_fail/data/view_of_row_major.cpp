// error: deleted (member )?function .*view
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
using Matrix = gemel::MatrixX<float>;
#else
using Matrix = Eigen::Matrix<float, gemel::Dynamic, gemel::Dynamic, Eigen::RowMajor>;
#endif

// A view refers to column-major memory; another order would need a temporary copy, to which the view would refer.
Matrix matrix = Matrix::Zero(5, 7);
gemel::Samples<float> samples = gemel::Samples<float>::view(matrix);
