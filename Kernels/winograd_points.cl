// The points of minimal filtering at which the polynomials of weights and pixels are multiplied: 0, pairs at +-A, +-B and
// for windows of 5 +-C, and infinity. Pixels, weights and products are transformed by the same ones; the weights' values are
// divided by what the pixels' leave out.
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
#define DIVISOR_0 (A2 * B2)
#define DIVISOR_A (2.0f * A2 * (A2 - B2))
#define DIVISOR_B (2.0f * B2 * (B2 - A2))
#else
#define A 0.5f
#define B 1.0f
#define C 2.0f
#define A2 (A * A)
#define B2 (B * B)
#define C2 (C * C)
#define DIVISOR_0 (-A2 * B2 * C2)
#define DIVISOR_A (2.0f * A2 * (A2 - B2) * (A2 - C2))
#define DIVISOR_B (2.0f * B2 * (B2 - A2) * (B2 - C2))
#define DIVISOR_C (2.0f * C2 * (C2 - A2) * (C2 - B2))
#endif
