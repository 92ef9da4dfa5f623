// Each TEST_CASE of ../bits.test.cpp again, in a program that links gemel::compiled: the bits are the same.
#include "../bits.test.cpp"
