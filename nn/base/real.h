/* The number type of all arithmetic: float in the product, double in the build that checks gradients. Floor 0.
 *
 * A finite difference in float is good to three digits at best and hides small mistakes. The same sources compiled with
 * -DREAL_IS_DOUBLE are checked to eight digits (tests/gradients), and everything but the number type is the product's own. */
#ifndef NN_BASE_REAL_H
#define NN_BASE_REAL_H

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
