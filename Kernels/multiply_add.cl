// Multiply-adds that stay in registers: what a device's arithmetic does at best.
//
// A work-item owns twelve vectors, enough of them to hide the latency of a multiply-add, and nothing in memory but one
// float of y. A work-group owns nothing together.
//
// Limit: arithmetic alone; 175 to 245 GFLOP/s on PoCL (2 AVX-512 cores of a shared host), which `apus bench` compares
// with.
//
// repetitions             multiply-adds on each vector
// y                       a float for each work-item: what its vectors start from, and in the end their sum, so that they
//                         are not left out; every element nears 1, so none is subnormal or infinite
// WIDTH                   the floats of a vector: 16 where a work-item is a thread of a processor, otherwise 1

#include "arithmetic.cl"

#ifndef WIDTH
#define WIDTH 16
#endif

#if WIDTH == 16
#define VECTOR float16
#define SUM(v) dot(v.s0123 + v.s4567 + v.s89ab + v.scdef, (float4)(1.0f))
#else
#define VECTOR float
#define SUM(v) (v)
#endif

__kernel void multiply_add(const uint repetitions, __global float *y, const ulong y_offset) {
  __global float *own = y + y_offset + get_global_id(0);
  const VECTOR factor = (VECTOR)(0.9990234375f);
  const VECTOR term = (VECTOR)(0.0009765625f);
  VECTOR a = (VECTOR)(*own);
  VECTOR b = a + term, c = a - term, d = a * factor, e = a + factor, f = a - factor, g = a * term;
  VECTOR h = b * factor, i = c * factor, j = d * factor, k = e * factor, l = f * factor;
  for (uint repetition = 0; repetition < repetitions; repetition += 1) {
    a = MAD(a, factor, term);
    b = MAD(b, factor, term);
    c = MAD(c, factor, term);
    d = MAD(d, factor, term);
    e = MAD(e, factor, term);
    f = MAD(f, factor, term);
    g = MAD(g, factor, term);
    h = MAD(h, factor, term);
    i = MAD(i, factor, term);
    j = MAD(j, factor, term);
    k = MAD(k, factor, term);
    l = MAD(l, factor, term);
  }
  const VECTOR sum = a + b + c + d + (e + f + g + h) + (i + j + k + l);
  *own = SUM(sum);
}
