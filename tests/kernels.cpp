// The kernels of the test programs whose sources include core/kernel_extern.hpp.
#include "gemel/core/kernel_instances.hpp"
