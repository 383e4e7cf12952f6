/* The number type of all arithmetic: float in the program, double in the build that checks gradients. Floor 0.
 *
 * Finite differences in float have three digits at best and hide small mistakes. tests/gradients compiles the same
 * sources with -DREAL_IS_DOUBLE and checks gradients to eight digits. */
#ifndef NN_BASE_REAL_H
#define NN_BASE_REAL_H

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
