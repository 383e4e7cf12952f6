/* Networks as text (tests/network.h), here in the build whose numbers are doubles. */
#include "tests/helpers/network.c"
