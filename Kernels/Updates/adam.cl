
// The update of the optimizer `adam`, rendered from its formula in Sources/ApusOptimizers.
// Source: Kingma and Ba 2015, arXiv:1412.6980.
//
// One launch updates a whole model: parameters, gradients and state lie in flat arenas of one layout.
//
// A work-item owns elements_per_item consecutive elements (a multiple of WIDTH), from get_global_id(0) times that on.
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth; from 10 million parameters on 40 to 56 GB/s where copies make 28 to 34, since a line that is
// written has been read, on PoCL (2 Zen 4 cores), measured by `apus bench update`.
//
// count            the elements of each arena
// parameters, ...  the arenas: base and offset in elements; only gradients and the scale are not written
// gradient_scale   one float that every gradient is multiplied by (global-norm clipping)
// the others       this step's scalars, by the names that the optimizers give them
//
// WIDTH            the floats of a vector
// AHEAD            how many elements ahead lines of memory are fetched

#include "arithmetic.cl"
#include "fetch.cl"

#ifndef WIDTH
#define WIDTH 4
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define REAL JOIN(float, WIDTH)

// The first `lanes` elements from an address on; zeros beyond.
static REAL load_lanes(__global const float *source, const uint lanes) {
  if (lanes == WIDTH) return JOIN(vload, WIDTH)(0, source);
  float values[WIDTH];
  for (uint lane = 0; lane < WIDTH; lane += 1) values[lane] = lane < lanes ? source[lane] : 0.0f;
  return JOIN(vload, WIDTH)(0, values);
}

// Writes the first `lanes` elements of a vector.
static void store_lanes(const REAL value, __global float *destination, const uint lanes) {
  if (lanes == WIDTH) {
    JOIN(vstore, WIDTH)(value, 0, destination);
  } else {
    float values[WIDTH];
    JOIN(vstore, WIDTH)(value, 0, values);
    for (uint lane = 0; lane < lanes; lane += 1) destination[lane] = values[lane];
  }
}

__kernel void adam_update(
    const ulong count, const ulong elements_per_item,
    __global float *parameters, const ulong parameters_offset,
    __global const float *gradients, const ulong gradients_offset,
    __global const float *gradient_scale, const ulong gradient_scale_offset
    , __global float *first_moments, const ulong first_moments_offset
    , __global float *second_moments, const ulong second_moments_offset
    , const float rate
    , const float weight_decay
    , const float beta1
    , const float beta1_complement
    , const float beta2
    , const float beta2_complement
    , const float epsilon
    , const float root_scale
) {
  const REAL scale = (REAL)(gradient_scale[gradient_scale_offset]);
  const ulong begin = get_global_id(0) * elements_per_item;
  const ulong end = min(begin + elements_per_item, count);

  for (ulong i = begin; i < end; i += WIDTH) {
    const uint lanes = (uint)min((ulong)WIDTH, end - i);
    FETCH(parameters + parameters_offset + i + AHEAD);
    FETCH(gradients + gradients_offset + i + AHEAD);
    FETCH(first_moments + first_moments_offset + i + AHEAD);
    FETCH(second_moments + second_moments_offset + i + AHEAD);
    const REAL parameter = load_lanes(parameters + parameters_offset + i, lanes);
    const REAL gradient = load_lanes(gradients + gradients_offset + i, lanes) * scale;
    const REAL first_moment = load_lanes(first_moments + first_moments_offset + i, lanes);
    const REAL second_moment = load_lanes(second_moments + second_moments_offset + i, lanes);
    const REAL t0 = MAD((REAL)(weight_decay), parameter, gradient);
    const REAL t1 = beta1_complement * t0;
    const REAL t2 = MAD((REAL)(beta1), first_moment, t1);
    const REAL t3 = beta2_complement * t0;
    const REAL t4 = t3 * t0;
    const REAL t5 = MAD((REAL)(beta2), second_moment, t4);
    const REAL t6 = rate * t2;
    const REAL t7 = sqrt(t5);
    const REAL t8 = MAD(t7, (REAL)(root_scale), (REAL)(epsilon));
    const REAL t9 = t6 / t8;
    const REAL t10 = parameter - t9;
    store_lanes(t2, first_moments + first_moments_offset + i, lanes);
    store_lanes(t5, second_moments + second_moments_offset + i, lanes);
    store_lanes(t10, parameters + parameters_offset + i, lanes);
  }
}
