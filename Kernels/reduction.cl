// What reductions of rows and of columns have in common: how two elements become one, and what is done for each result.
//
// RESULTS          how many chains are reduced, at most 4
// MAXIMUM          0 for a sum; 1 for a maximum, which is NaN where any element is
// WIDTH            the elements of a vector

#ifndef WIDTH
#define WIDTH 16
#endif
#ifndef RESULTS
#define RESULTS 1
#endif
#ifndef MAXIMUM
#define MAXIMUM 0
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define LOAD JOIN(vload, WIDTH)
#define INTEGER_TO_REAL JOIN(convert_float, WIDTH)
#if MAXIMUM
#define INITIAL (-INFINITY)
#define COMBINE(a, b) (((a) >= (b)) | ((a) != (a)) ? (a) : (b))
#else
#define INITIAL 0.0f
#define COMBINE(a, b) ((a) + (b))
#endif

// Each result has variables of its own and no elements of arrays: those would be kept in memory.
#if RESULTS == 1
#define EACH(DO) DO(0)
#elif RESULTS == 2
#define EACH(DO) DO(0) DO(1)
#elif RESULTS == 3
#define EACH(DO) DO(0) DO(1) DO(2)
#else
#define EACH(DO) DO(0) DO(1) DO(2) DO(3)
#endif
#define TOTAL(result) JOIN(total, result)
#define VALUE(result) JOIN(value, result)
#define START(result) float TOTAL(result) = INITIAL;
#define ACCUMULATE(result) TOTAL(result) = COMBINE(TOTAL(result), VALUE(result));
