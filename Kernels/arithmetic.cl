// What every program begins with.
//
// Products and sums are contracted only where MAD says so: a fused multiply-add where the device has a fast one, as the
// standard's macro says or the processor's, else what its `mad` does.

#pragma OPENCL FP_CONTRACT OFF

#ifndef MAD
#if defined(FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define MAD(a, b, c) fma(a, b, c)
#else
#define MAD(a, b, c) mad(a, b, c)
#endif
#endif
