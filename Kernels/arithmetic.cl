// What every program begins with.
//
// Products and sums are contracted only where MAD says so: a fused multiply-add where the device has a fast
// one, else what its `mad` does.

#pragma OPENCL FP_CONTRACT OFF

#ifndef MAD
#ifdef FP_FAST_FMAF
#define MAD(a, b, c) fma(a, b, c)
#else
#define MAD(a, b, c) mad(a, b, c)
#endif
#endif
