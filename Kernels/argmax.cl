// The place of the largest element along one dimension; the first of several, and the first NaN where there is one.
//
// A work-item owns outputs_per_item consecutive outputs, from get_global_id(0) times that on; output o belongs to the
// outer index o / inner and the inner index o % inner.
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth: every element is read once. No benchmark has it alone.
//
// outputs, inner, count   the number of outputs, the inner dimension's size, and the size of the searched dimension
// x                       element (outer, i, inner): outer * x_outer_stride + i * x_stride + inner * x_inner_stride
// y                       ints, one for each output; all strides and offsets are in elements

__kernel void argmax(
    const uint outputs, const uint outputs_per_item, const uint inner, const uint count,
    __global const float *x, const ulong x_offset, const ulong x_outer_stride, const ulong x_stride,
    const ulong x_inner_stride,
    __global int *y, const ulong y_offset
) {
  const uint begin = get_global_id(0) * outputs_per_item;
  const uint end = min(begin + outputs_per_item, outputs);
  for (uint output = begin; output < end; output += 1) {
    __global const float *values = x + x_offset + output / inner * x_outer_stride + output % inner * x_inner_stride;
    float largest = values[0];
    uint place = 0;
    for (uint i = 1; i < count; i += 1) {
      const float value = values[i * x_stride];
      if (value > largest || (value != value && largest == largest)) {
        largest = value;
        place = i;
      }
    }
    y[y_offset + output] = (int)place;
  }
}
