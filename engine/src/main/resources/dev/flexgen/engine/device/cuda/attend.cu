// Attention of a few queries over a long cache, split along the cache (and, more slowly, any other attention). The new tokens of
// all query heads that share a key head are the rows of one problem, so that a key serves them all.
#include "common.cuh"

#define THREADS 128
#define LANES 8 // threads that share a key

// A block takes SPAN positions of one key head for QUERIES rows: scores, softmax within the span, weighted values. Spans are
// joined by the last block of a problem, in order. Row r is token r / group, query head r % group of its key head.
template <class T, int QUERIES, int PER> struct Attend {
    struct Task {
        const float* query;
        float* out;
        float* partial; // [key head][chunk][span][row][headDim + 2]: weighted values, maximum, sum
        u32* counters;  // one a key head and chunk, zero
        int position, tokens, group, span;
        float scale;
    };

    static __device__ __forceinline__ void load(const typename T::Stored* p, float* x) {
        if (PER > 1) {
            T::widen(stream16(p, true), x);
        } else {
            x[0] = T::widen(*p);
        }
    }

    static __device__ __forceinline__ void run(const Task& task, const Kv& kv) {
        extern __shared__ __align__(16) float shared[];
        int dim = kv.headDim;
        int width = max(task.span, (int)gridDim.x);
        float* q = shared;                       // [row][dim]
        float* scores = q + QUERIES * dim;       // [row][span]; later a weight for each span
        float* sums = scores + QUERIES * width;  // [thread][PER]
        __shared__ float most[QUERIES], total[QUERIES];

        int head = blockIdx.y;
        int rows = task.tokens * task.group;
        int row0 = blockIdx.z * QUERIES;
        int first = blockIdx.x * task.span;
        int lastRow = min(row0 + QUERIES, rows) - 1;
        int keys = min(task.span, task.position + lastRow / task.group + 1 - first); // may be none
        for (int i = threadIdx.x; i < QUERIES * dim; i += THREADS) {
            int row = min(row0 + i / dim, rows - 1);
            q[i] = task.query[offset(task, kv, row) + i % dim] * task.scale;
        }
        __syncthreads();
        score(kv, head, first, keys, q, scores, width);
        __syncthreads();
        soften(task, row0, rows, first, keys, scores, width, most, total);
        __syncthreads();
        weigh(task, kv, head, row0, rows, first, keys, scores, width, sums, most, total);
        if (gridDim.x > 1 && lastToArrive(task.counters + head * gridDim.z + blockIdx.z, gridDim.x)) {
            combine(task, kv, row0, rows, scores, width, most, total);
        }
    }

    static __device__ __forceinline__ size_t offset(const Task& task, const Kv& kv, int row) {
        return ((size_t)(row / task.group) * kv.heads * task.group + blockIdx.y * task.group + row % task.group) * kv.headDim;
    }

    static __device__ __forceinline__ float* partial(const Task& task, int dim, int span, int row) {
        size_t problem = blockIdx.y * gridDim.z + blockIdx.z;
        return task.partial + ((problem * gridDim.x + span) * QUERIES + row) * (dim + 2);
    }

    static __device__ __forceinline__ void score(
        const Kv& kv, int head, int first, int keys, const float* q, float* scores, int width) {
        int lane = threadIdx.x % LANES;
        const int SLOTS = THREADS / LANES;
        for (int j0 = 0; j0 < keys; j0 += 2 * SLOTS) { // the same for all lanes: they meet in shuffles
            int j[2] = {j0 + (int)threadIdx.x / LANES, j0 + (int)threadIdx.x / LANES + SLOTS};
            const typename T::Stored* k[2];
            float sum[2][QUERIES];
#pragma unroll
            for (int n = 0; n < 2; n++) {
                k[n] = keyAt<T>(kv, head, first + min(j[n], keys - 1));
#pragma unroll
                for (int r = 0; r < QUERIES; r++) sum[n][r] = 0;
            }
#pragma unroll 2
            for (int c = lane * PER; c < kv.headDim; c += LANES * PER) {
                float x[2][PER];
                load(k[0] + c, x[0]);
                load(k[1] + c, x[1]);
#pragma unroll
                for (int r = 0; r < QUERIES; r++) {
#pragma unroll
                    for (int i = 0; i < PER; i++) {
                        float y = q[r * kv.headDim + c + i];
                        sum[0][r] += x[0][i] * y;
                        sum[1][r] += x[1][i] * y;
                    }
                }
            }
#pragma unroll
            for (int n = 0; n < 2; n++) {
#pragma unroll
                for (int r = 0; r < QUERIES; r++) {
                    float s = sum[n][r];
#pragma unroll
                    for (int i = LANES / 2; i > 0; i >>= 1) s += __shfl_xor_sync(EVERYONE, s, i);
                    if (lane == 0 && j[n] < keys) scores[r * width + j[n]] = s;
                }
            }
        }
    }

    // A warp a row: exponentials in place, their maximum and sum. Positions after the row's own count nothing.
    static __device__ __forceinline__ void soften(
        const Task& task, int row0, int rows, int first, int keys, float* scores, int width, float* most, float* total) {
        int lane = threadIdx.x % WARP;
        int r = threadIdx.x / WARP;
        if (r >= QUERIES) return;
        int own = min(row0 + r, rows - 1) / task.group + task.position + 1 - first;
        float m = -INFINITE;
        for (int j = lane; j < min(keys, own); j += WARP) m = fmaxf(m, scores[r * width + j]);
        m = warpMax(m);
        float sum = 0;
        for (int j = lane; j < keys; j += WARP) {
            float e = j < own ? expf(scores[r * width + j] - m) : 0.f;
            scores[r * width + j] = e;
            sum += e;
        }
        sum = warpSum(sum);
        if (lane == 0) {
            most[r] = m;
            total[r] = sum;
        }
    }

    static __device__ __forceinline__ void weigh(
        const Task& task, const Kv& kv, int head, int row0, int rows, int first, int keys, const float* scores, int width,
        float* sums, const float* most, const float* total) {
        int pieces = kv.headDim / PER;
        for (int p0 = 0; p0 < pieces; p0 += THREADS) {
            int across = min(pieces - p0, THREADS);
            int groups = THREADS / across;
            int piece = threadIdx.x % across;
            int group = threadIdx.x / across;
            float sum[QUERIES][PER];
#pragma unroll
            for (int i = 0; i < QUERIES * PER; i++) (&sum[0][0])[i] = 0;
            if (group < groups) {
#pragma unroll 4
                for (int j = group; j < keys; j += groups) {
                    float x[PER];
                    load(valueAt<T>(kv, head, first + j) + (p0 + piece) * PER, x);
#pragma unroll
                    for (int r = 0; r < QUERIES; r++) {
                        float w = scores[r * width + j];
#pragma unroll
                        for (int i = 0; i < PER; i++) sum[r][i] += w * x[i];
                    }
                }
            }
#pragma unroll
            for (int r = 0; r < QUERIES; r++) {
                if (group < groups) {
#pragma unroll
                    for (int i = 0; i < PER; i++) sums[(group * PER + i) * across + piece] = sum[r][i];
                }
                __syncthreads();
                for (int c = threadIdx.x; c < across * PER && row0 + r < rows; c += THREADS) {
                    float s = 0;
                    for (int g = 0; g < groups; g++) s += sums[(g * PER + c % PER) * across + c / PER];
                    int d = p0 * PER + c;
                    if (gridDim.x == 1) {
                        task.out[offset(task, kv, row0 + r) + d] = s / total[r];
                    } else {
                        partial(task, kv.headDim, blockIdx.x, r)[d] = s;
                    }
                }
                __syncthreads();
            }
        }
        if (gridDim.x > 1 && threadIdx.x < QUERIES) {
            float* p = partial(task, kv.headDim, blockIdx.x, threadIdx.x) + kv.headDim;
            p[0] = most[threadIdx.x];
            p[1] = total[threadIdx.x];
        }
    }

    static __device__ __forceinline__ void combine(
        const Task& task, const Kv& kv, int row0, int rows, float* weights, int width, float* most, float* total) {
        int lane = threadIdx.x % WARP;
        int r = threadIdx.x / WARP;
        if (r < QUERIES) {
            float m = -INFINITE;
            for (int s = lane; s < gridDim.x; s += WARP) m = fmaxf(m, __ldcg(partial(task, kv.headDim, s, r) + kv.headDim));
            m = warpMax(m);
            float sum = 0;
            for (int s = lane; s < gridDim.x; s += WARP) {
                const float* p = partial(task, kv.headDim, s, r) + kv.headDim;
                float w = expf(__ldcg(p) - m);
                weights[r * width + s] = w;
                sum += w * __ldcg(p + 1);
            }
            sum = warpSum(sum);
            if (lane == 0) total[r] = sum;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < QUERIES * kv.headDim; i += THREADS) {
            int row = i / kv.headDim;
            int d = i % kv.headDim;
            if (row0 + row >= rows) continue;
            float s = 0;
#pragma unroll 16
            for (int n = 0; n < gridDim.x; n++) s += weights[row * width + n] * __ldcg(partial(task, kv.headDim, n, row) + d);
            task.out[offset(task, kv, row0 + row) + d] = s / total[row];
        }
    }
};

// Grid: (spans of `span` positions, key heads, chunks of QUERIES rows). Dynamic shared memory:
// 4 * (QUERIES * (headDim + max(span, spans)) + 128 * PER) bytes. Vector kernels: headDim * size % 16 == 0.
#define ATTEND(NAME, QUERIES, PER)                                                                                              \
    KERNEL(attend_##NAME, THREADS)(                                                                                            \
        const float* query, float* out, float* partial, u32* counters, int position, int tokens, int group, int span,          \
        float scale, const __grid_constant__ Kv kv) {                                                                          \
        Attend<TYPE, QUERIES, PER>::run({query, out, partial, counters, position, tokens, group, span, scale}, kv);            \
    }
ATTEND(1, 1, TYPE::PER)
ATTEND(4, 4, TYPE::PER)
ATTEND(any, 4, 1)
