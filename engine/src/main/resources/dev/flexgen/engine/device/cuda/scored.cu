// Attention within a window, or with slopes as ALiBi has them. The same as attend.cu and prefill.cu otherwise, apart from them so
// that models without either do without the arguments.
#include "common.cuh"
#include "attend.cuh"
#include "prefill.cuh"

#define ATTEND(NAME, QUERIES, PER, SEALED)                                                                                     \
    KERNEL(scored_attend_##NAME, THREADS)(                                                                                     \
        const float* query, const float* keys, const float* values, float* out, float* partial, u32* counters, int group,      \
        int head, float scale, const __grid_constant__ Kv kv, const __grid_constant__ Scores scores) {                         \
        Attend<TYPE, QUERIES, PER, SEALED, true>::run(                                                                         \
            {query, out, keys, values, partial, counters, group, head, scale, &scores}, kv);                                   \
    }
ATTEND(1, 1, TYPE::PER, false)
ATTEND(4, 4, TYPE::PER, false)
ATTEND(any, 4, 1, false)

#if BITS == 16

ATTEND(sealed_1, 1, TYPE::PER, true)
ATTEND(sealed_4, 4, TYPE::PER, true)
ATTEND(sealed_any, 4, 1, true)

#define PREFILL(NAME, DIM, SEALED)                                                                                             \
    KERNEL(scored_prefill_##NAME, THREADS)(                                                                                    \
        const float* query, float* out, int group, float scale, const __grid_constant__ Kv kv,                                 \
        const __grid_constant__ Scores scores) {                                                                               \
        afterEarlierKernels();                                                                                                 \
        Prefill<TYPE, DIM, SEALED, true>::run(query, out, group, scale, kv, &scores);                                          \
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
