#include "apus_kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char arithmetic[] = {
#embed "arithmetic.cl"
};
static const unsigned char pointwise[] = {
#embed "pointwise.cl"
};
static const unsigned char philox[] = {
#embed "philox.cl"
};

#define FILE_ROW(name, bytes) {name, bytes, sizeof bytes}

static const apus_kernel_file files[] = {
  FILE_ROW("arithmetic", arithmetic),
  FILE_ROW("philox", philox),
  FILE_ROW("pointwise", pointwise),
};

int apus_kernel_count(void) { return (int)(sizeof files / sizeof *files); }

apus_kernel_file apus_kernel(int index) { return files[index]; }
