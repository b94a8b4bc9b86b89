// Softmax of rows of logits, the logarithm of its denominator, and its cross-entropy with integer labels: the losses, their
// gradient, or both.
//
// A work-group of LOCAL work-items owns rows_per_group consecutive rows, from get_group_id(0) times that on.
// A work-item owns every LOCAL-th vector of WIDTH columns of them. Lanes and work-items are combined in a fixed order.
//
// rows, columns    the shape of the logits: a row for each example, a column for each class
// logits           element (row, column): row * logits_stride + column
// labels           ints, one for each row; a label outside 0 ..< columns gives a loss of NaN and a gradient of 0
// probabilities    element (row, column): row * probabilities_stride + column; may lie where the logits lie
// log_sums         one for each row: log(sum of exp(row))
// losses           one for each row: log(sum of exp(row)) - row[label]
// upstream         what each loss is multiplied by further on: one number, or at row * upstream_stride (0 or 1)
// gradient         element (row, column): row * gradient_stride + column; may lie where the logits lie
//
// Limit: the exponential, and memory where rows do not stay in the cache: a row is read up to three times. Rows of 1024
// and more at 32 to 123 % of the rate of copies, rows of 65 at 3 to 7 %, on PoCL (2 Zen 4 cores), measured by
// `apus bench softmax`.
//
// LOCAL, WIDTH     1 and 16 on processors; a power of two and 1 elsewhere
// LOSSES, GRADIENT whether a cross-entropy has them
// UPSTREAM         whether there is an upstream for each row

// The sum of exponentials is NaN where any logit is, whatever the largest is.
#define LARGEST fmax
#include "lanes.cl"

#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef GRADIENT
#define GRADIENT 1
#endif
#ifndef UPSTREAM
#define UPSTREAM 1
#endif

// WIDTH floats from an address on, -INFINITY from `lanes` on.
static REAL load_logits(__global const float *source, const uint lanes) {
#if WIDTH > 1
  if (lanes >= WIDTH) return JOIN(vload, WIDTH)(0, source);
  float values[WIDTH];
  for (uint lane = 0; lane < WIDTH; lane += 1) values[lane] = lane < lanes ? source[lane] : -INFINITY;
  return JOIN(vload, WIDTH)(0, values);
#else
  return source[0];
#endif
}

// The largest logit of a row.
static float largest_of_row(__global const float *row, const uint columns, __local float *shared) {
  REAL largest = (REAL)(-INFINITY);
  for (uint column = get_local_id(0) * WIDTH; column < columns; column += LOCAL * WIDTH) {
    largest = LARGEST(largest, load_logits(row + column, columns - column));
  }
  return combine_items(combine_lanes(largest, 0), 0, shared);
}

// The sum of exp(logit - largest) of a row; NaN where any logit is.
static float sum_of_row(__global const float *row, const uint columns, const float largest, __local float *shared) {
  REAL sum = (REAL)(0.0f);
  for (uint column = get_local_id(0) * WIDTH; column < columns; column += LOCAL * WIDTH) {
    sum += exp(load_logits(row + column, columns - column) - (REAL)(largest));
  }
  return combine_items(combine_lanes(sum, 1), 1, shared);
}

// Writes the first `lanes` elements of a vector.
static void store_lanes(const REAL value, __global float *destination, const uint lanes) {
#if WIDTH > 1
  if (lanes == WIDTH) {
    JOIN(vstore, WIDTH)(value, 0, destination);
  } else {
    float parts[WIDTH];
    JOIN(vstore, WIDTH)(value, 0, parts);
    for (uint lane = 0; lane < lanes; lane += 1) destination[lane] = parts[lane];
  }
#else
  destination[0] = value;
#endif
}

__kernel void softmax(
    const uint rows, const uint columns, const uint rows_per_group,
    __global const float *logits, const ulong logits_offset, const ulong logits_stride,
    __global float *probabilities, const ulong probabilities_offset, const ulong probabilities_stride
) {
  __local float shared[LOCAL];
  const uint begin = get_group_id(0) * rows_per_group;
  const uint end = min(begin + rows_per_group, rows);
  for (uint row = begin; row < end; row += 1) {
    __global const float *values = logits + logits_offset + row * logits_stride;
    __global float *result = probabilities + probabilities_offset + row * probabilities_stride;
    const float largest = largest_of_row(values, columns, shared);
    // The exponentials are kept in the result until their sum is known.
    REAL lanes_sum = (REAL)(0.0f);
    for (uint column = get_local_id(0) * WIDTH; column < columns; column += LOCAL * WIDTH) {
      const uint lanes = min((uint)WIDTH, columns - column);
      const REAL value = exp(load_logits(values + column, lanes) - (REAL)(largest));
      lanes_sum += value;
      store_lanes(value, result + column, lanes);
    }
    const float share = 1.0f / combine_items(combine_lanes(lanes_sum, 1), 1, shared);
    for (uint column = get_local_id(0) * WIDTH; column < columns; column += LOCAL * WIDTH) {
      const uint lanes = min((uint)WIDTH, columns - column);
      store_lanes(load_logits(result + column, lanes) * (REAL)(share), result + column, lanes);
    }
  }
}

__kernel void log_sum_exp(
    const uint rows, const uint columns, const uint rows_per_group,
    __global const float *logits, const ulong logits_offset, const ulong logits_stride,
    __global float *log_sums, const ulong log_sums_offset
) {
  __local float shared[LOCAL];
  const uint begin = get_group_id(0) * rows_per_group;
  const uint end = min(begin + rows_per_group, rows);
  for (uint row = begin; row < end; row += 1) {
    __global const float *values = logits + logits_offset + row * logits_stride;
    const float largest = largest_of_row(values, columns, shared);
    const float sum = sum_of_row(values, columns, largest, shared);
    if (get_local_id(0) == 0) log_sums[log_sums_offset + row] = log(sum) + largest;
  }
}

__kernel void softmax_cross_entropy(
    const uint rows, const uint columns, const uint rows_per_group,
    __global const float *logits, const ulong logits_offset, const ulong logits_stride,
    __global const int *labels, const ulong labels_offset
#if LOSSES
    , __global float *losses, const ulong losses_offset
#endif
#if GRADIENT
    , __global float *gradient, const ulong gradient_offset, const ulong gradient_stride
#if UPSTREAM
    , __global const float *upstream, const ulong upstream_offset, const ulong upstream_stride
#else
    , const float upstream
#endif
#endif
) {
  __local float shared[LOCAL];
  const uint begin = get_group_id(0) * rows_per_group;
  const uint end = min(begin + rows_per_group, rows);
  for (uint row = begin; row < end; row += 1) {
    __global const float *values = logits + logits_offset + row * logits_stride;
    const int label = labels[labels_offset + row];
    const int is_counted = label >= 0 && (uint)label < columns;
    // Read before any work-item writes to the row.
    const float at_label = values[is_counted ? label : 0];
    const float largest = largest_of_row(values, columns, shared);
    const float sum = sum_of_row(values, columns, largest, shared);
#if LOSSES
    if (get_local_id(0) == 0) losses[losses_offset + row] = is_counted ? log(sum) - (at_label - largest) : NAN;
#endif
#if GRADIENT
#if UPSTREAM
    const float scale = upstream[upstream_offset + row * upstream_stride];
#else
    const float scale = upstream;
#endif
    __global float *result = gradient + gradient_offset + row * gradient_stride;
    const float share = is_counted ? scale / sum : 0.0f;
    // The probability minus one is taken before the factor, so that a near hit keeps its digits.
    const float hit = (exp(at_label - largest) / sum - 1.0f) * scale;
    for (uint column = get_local_id(0) * WIDTH; column < columns; column += LOCAL * WIDTH) {
      const uint lanes = min((uint)WIDTH, columns - column);
      const REAL value =
          is_counted ? exp(load_logits(values + column, lanes) - (REAL)(largest)) * share : (REAL)(0.0f);
      store_lanes(value, result + column, lanes);
      // By the work-item that has just written it.
      if (is_counted && (uint)label >= column && (uint)label < column + lanes) result[label] = hit;
    }
#endif
  }
}
