/* Networks as text (tests/helpers/network.h), here in the build whose numbers are doubles. */
#include "tests/helpers/network.c"
