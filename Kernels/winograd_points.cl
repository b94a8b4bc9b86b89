// The points of minimal filtering at which the polynomials of weights and pixels are multiplied: 0, pairs at +-A, +-B and
// for windows of 5 +-C, and infinity. Pixels, weights and products are transformed by the same ones.
//
// WINDOW            3 or 5
//
// Source: Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", ACM
// TOMS 46(4), 2020.

#ifndef WINDOW
#define WINDOW 3
#endif

#define POINTS (WINDOW + 3)

#if WINDOW == 3
#define A 0.75f
#define B 1.5f
#define A2 (A * A)
#define B2 (B * B)
#else
#define A 0.5f
#define B 1.0f
#define C 2.0f
#define A2 (A * A)
#define B2 (B * B)
#define C2 (C * C)
#endif
