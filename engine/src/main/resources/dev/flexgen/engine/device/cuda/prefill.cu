// Attention of many queries whose scores are only scaled: prefill.cuh.
#include "common.cuh"
#include "prefill.cuh"

#if BITS == 16

#define PREFILL(NAME, DIM, SEALED)                                                                                             \
    KERNEL(prefill_##NAME, THREADS)(                                                                                           \
        const float* query, float* out, int group, float scale, const __grid_constant__ Kv kv) {                               \
        afterEarlierKernels();                                                                                                 \
        Prefill<TYPE, DIM, SEALED, false>::run(query, out, group, scale, kv, nullptr);                                         \
    }
PREFILL(64, 64, false)
PREFILL(80, 80, false)
PREFILL(96, 96, false)
PREFILL(128, 128, false)
PREFILL(256, 256, false)
PREFILL(sealed_64, 64, true)
PREFILL(sealed_80, 80, true)
PREFILL(sealed_96, 96, true)
PREFILL(sealed_128, 128, true)
PREFILL(sealed_256, 256, true)

#endif
