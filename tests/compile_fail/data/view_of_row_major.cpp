// error: deleted (member )?function .*view
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
using Matrix = gemel::MatrixX<float>;
#else
using Matrix = Eigen::Matrix<float, gemel::Dynamic, gemel::Dynamic, Eigen::RowMajor>;
#endif

// A view looks at memory column by column; of another order there would be only a temporary copy to look at.
Matrix matrix = Matrix::Zero(5, 7);
gemel::Samples<float> samples = gemel::Samples<float>::view(matrix);
