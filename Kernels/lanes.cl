// How the lanes of vectors, and then the work-items of a group, become one number: by a sum or by the largest. In a fixed
// order. softmax and row_chain include this file.
//
// LOCAL, WIDTH     1 and 16 on processors; a power of two and 1 elsewhere
// LARGEST          the larger of two, NaN where either is unless it is defined otherwise

#ifndef LOCAL
#define LOCAL 1
#endif
#ifndef WIDTH
#define WIDTH 16
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#if WIDTH > 1
#define REAL JOIN(float, WIDTH)
#else
#define REAL float
#endif

#ifndef LARGEST
#define LARGEST(a, b) (((a) >= (b)) | ((a) != (a)) ? (a) : (b))
#endif

// The sum, or the largest, of all lanes.
static float combine_lanes(const REAL value, const int is_sum) {
#if WIDTH > 1
  float parts[WIDTH];
  JOIN(vstore, WIDTH)(value, 0, parts);
  for (uint width = WIDTH / 2; width > 0; width /= 2) {
    for (uint lane = 0; lane < width; lane += 1) {
      parts[lane] = is_sum ? parts[lane] + parts[lane + width] : LARGEST(parts[lane], parts[lane + width]);
    }
  }
  return parts[0];
#else
  return value;
#endif
}

// The sum, or the largest, over the work-group, the same for every work-item.
static float combine_items(const float value, const int is_sum, __local float *shared) {
#if LOCAL > 1
  const uint item = get_local_id(0);
  shared[item] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint width = LOCAL / 2; width > 0; width /= 2) {
    if (item < width) {
      const float other = shared[item + width];
      shared[item] = is_sum ? shared[item] + other : LARGEST(shared[item], other);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const float result = shared[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
#else
  return value;
#endif
}
