#include "apus_opencl.h"
