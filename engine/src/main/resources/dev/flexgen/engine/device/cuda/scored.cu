// Attention within a window, or with slopes as ALiBi has them. The same as attend.cu and prefill.cu otherwise, apart from them so
// that models without either do without the arguments.
#define WITH_SCORES
#include "common.cuh"
#include "attend.cuh"
#include "prefill.cuh"
