// The header's function is all there is; a target has at least one file to compile.
#include "CPrefetch.h"
