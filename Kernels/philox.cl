// Philox 4x32-10, a counter-based random generator: uniform floats in [0, 1) with 24 random bits.
//
// Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405.
//
// Limit: arithmetic: ten rounds of two wide multiplications for a number, and one word in four is used. No benchmark has
// it alone.
//
// random_float*(element, key, step, stream) gives the numbers of 1, 2, 4, 8 or 16 consecutive elements of a tensor.
// Elements are taken in blocks of 64; a block uses 16 consecutive counters, whose word w serves the elements 16w ..<
// 16w + 16. The counter is (block * 16 + lane, its high half, step, stream).

#define PHILOX_FUNCTION(NAME, FLOAT, UINT, TO_FLOAT, ULONG, TO_ULONG, TO_UINT, LANES)                        \
  FLOAT NAME(ulong element, uint2 key, uint step, uint stream) {                                             \
    const ULONG index = (ULONG)(element) + LANES;                                                            \
    const ULONG counter = ((index >> 6) << 4) + (index & 15);                                                \
    const UINT quarter = TO_UINT((index >> 4) & 3);                                                          \
    UINT x = TO_UINT(counter & 0xFFFFFFFFul);                                                                \
    UINT y = TO_UINT(counter >> 32);                                                                         \
    UINT z = (UINT)(step);                                                                                   \
    UINT w = (UINT)(stream);                                                                                 \
    for (int round = 0; round < 10; round += 1) {                                                            \
      const UINT high0 = mul_hi(x, (UINT)(0xD2511F53u));                                                     \
      const UINT low0 = x * 0xD2511F53u;                                                                     \
      const UINT high1 = mul_hi(z, (UINT)(0xCD9E8D57u));                                                     \
      const UINT low1 = z * 0xCD9E8D57u;                                                                     \
      x = high1 ^ y ^ key.x;                                                                                 \
      y = low1;                                                                                              \
      z = high0 ^ w ^ key.y;                                                                                 \
      w = low0;                                                                                              \
      key += (uint2)(0x9E3779B9u, 0xBB67AE85u);                                                              \
    }                                                                                                        \
    const UINT word = quarter == 0 ? x : quarter == 1 ? y : quarter == 2 ? z : w;                            \
    return TO_FLOAT(word >> 8) * 0x1p-24f;                                                                   \
  }

PHILOX_FUNCTION(random_float, float, uint, convert_float, ulong, convert_ulong, convert_uint, 0ul)
PHILOX_FUNCTION(random_float2, float2, uint2, convert_float2, ulong2, convert_ulong2, convert_uint2,
                ((ulong2)(0, 1)))
PHILOX_FUNCTION(random_float4, float4, uint4, convert_float4, ulong4, convert_ulong4, convert_uint4,
                ((ulong4)(0, 1, 2, 3)))
PHILOX_FUNCTION(random_float8, float8, uint8, convert_float8, ulong8, convert_ulong8, convert_uint8,
                ((ulong8)(0, 1, 2, 3, 4, 5, 6, 7)))
PHILOX_FUNCTION(random_float16, float16, uint16, convert_float16, ulong16, convert_ulong16, convert_uint16,
                ((ulong16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)))
