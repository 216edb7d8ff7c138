// Attention of a few queries over a long cache, split along the cache (and, more slowly, any other attention). The new tokens of
// all query heads that share a key head are the rows of one problem, so that a key serves them all. Behind common.cuh.
#ifndef FLEXGEN_ATTEND
#define FLEXGEN_ATTEND

#define THREADS 128
#define LANES 8 // threads that share a key

// A block takes `span` positions of one key head for QUERIES rows of one part: scores, softmax within the span, weighted values.
// Spans are joined by the last block of a problem, in order. Row r of a part is token r / group, query head r % group of its key
// head. A row's result depends on its part's span, not on how many rows there are: what later rows see more adds zeros.
// SEALED: whether blocks may be sealed; those that are not give the same bits either way. SCORED: whether there are Scores.
template <class T, int QUERIES, int PER, bool SEALED, bool SCORED> struct Attend {
    struct Task {
        const float* query;
        float* out;
        const float* keys;   // of the new tokens, to be stored first, or null
        const float* values;
        float* partial; // of a part: [key head][chunk][span][row][headDim + 2]: weighted values, maximum, sum
        u32* counters;  // of a part: one a key head and chunk, zero
        int group, head; // queries of a key head; the launch's first key head
        float scale;
        const Scores* scores; // or null, if not SCORED
    };

    // A block's place.
    struct Place {
        int head, spans, chunks, chunk, first, row0, rows;
        size_t problem;
    };

    static __device__ __forceinline__ void run(const Task& task, const Kv& kv) {
        extern __shared__ __align__(16) float shared[];
        const KvPart& part = kv.parts[blockIdx.z];
        Place place;
        place.spans = (part.position + part.rows + part.span - 1) / part.span;
        place.rows = part.rows * task.group;
        place.chunks = (place.rows + QUERIES - 1) / QUERIES;
        place.chunk = blockIdx.x / place.spans;
        place.head = task.head + blockIdx.y;
        place.first = blockIdx.x % place.spans * part.span;
        place.row0 = place.chunk * QUERIES;
        place.problem = (size_t)blockIdx.y * place.chunks + place.chunk;
        int lastRow = min(place.row0 + QUERIES, place.rows) - 1;
        int keys = min(part.span, part.position + lastRow / task.group + 1 - place.first); // may be none
        bool present = place.chunk < place.chunks;
        if (SCORED && task.scores->window > 0) { // a span that has left the window of the first row, and so of all
            int seen = part.position + place.row0 / task.group + 1 - task.scores->window;
            if (place.first + part.span <= seen) keys = 0;
        }
        if (PER > 1 && present && !kv.table) fetchSpan(kv, part, place, keys);
        afterEarlierKernels();
        if (!present) return;
        int dim = kv.headDim;
        int width = max(part.span, place.spans);
        float* q = shared;                       // [row][dim]
        float* scores = q + QUERIES * dim;       // [row][span]; later a weight for each span
        float* sums = scores + QUERIES * width;  // [thread][PER]
        __shared__ float most[QUERIES], total[QUERIES];

        for (int i = threadIdx.x; i < QUERIES * dim; i += THREADS) {
            int row = min(place.row0 + i / dim, place.rows - 1);
            q[i] = task.query[offset(task, kv, part, place, row) + i % dim] * task.scale;
        }
        if (task.keys) append(task, kv, part, place, keys);
        __syncthreads();
        score(kv, part, place, keys, q, scores, width);
        __syncthreads();
        soften(task, part, place, keys, scores, width, most, total);
        __syncthreads();
        weigh(task, kv, part, place, keys, scores, width, sums, most, total);
        if (place.spans > 1 && lastToArrive(task.counters + part.counter + place.problem, place.spans)) {
            combine(task, kv, part, place, scores, width, most, total);
        }
    }

    // The keys and values that this block will read are on their way before the kernels before this one are done.
    static __device__ __forceinline__ void fetchSpan(const Kv& kv, const KvPart& part, const Place& place, int keys) {
        int rowBytes = kv.headDim * (16 / T::PER);
        int open = max(0, SEALED ? part.sealed * PAGE - place.first : 0); // positions before are sealed
        for (int j = 16 * threadIdx.x; j < min(keys, open); j += 16 * THREADS) { // spans begin at multiples of 16
            fetchSealed(kv, part, place.head, place.first + j);
        }
        for (int j = open + threadIdx.x; j < keys; j += THREADS) {
            fetchToL2(keyAt<T>(kv, part, place.head, place.first + j), rowBytes);
            fetchToL2(valueAt<T>(kv, part, place.head, place.first + j), rowBytes);
        }
    }

    // 16 positions of a sealed block.
    static __device__ __forceinline__ void fetchSealed(const Kv& kv, const KvPart& part, int head, int position) {
        int at = position % PAGE;
        int rowBytes = sealedRowBytes(kv.headDim);
        const u8* k = sealedKeys(kv, part, head, position / PAGE);
        const u8* v = sealedValues(kv, part, head, position / PAGE);
        int groupBytes = 4 * ((kv.headDim + GROUP - 1) / GROUP);
        fetchToL2(k + at * rowBytes, 16 * rowBytes);
        fetchToL2(k + sealedScalesAt(kv.headDim), 4 * sealedChannels(kv.headDim));
        fetchToL2(v + at * rowBytes, 16 * rowBytes);
        fetchToL2(v + sealedScalesAt(kv.headDim) + at * groupBytes, 16 * groupBytes);
    }

    // Stores what is new in this block's span; blocks with other rows of the sequence store the same.
    static __device__ __forceinline__ void append(
        const Task& task, const Kv& kv, const KvPart& part, const Place& place, int keys) {
        int from = max(part.position - part.earlier - place.first, 0);
        for (int i = from * kv.headDim + threadIdx.x; i < keys * kv.headDim; i += THREADS) {
            int position = place.first + i / kv.headDim;
            int d = i % kv.headDim;
            size_t at = ((size_t)(part.row + position - part.position) * kv.heads + place.head) * kv.headDim + d;
            keyAt<T>(kv, part, place.head, position)[d] = T::narrow(task.keys[at]);
            valueAt<T>(kv, part, place.head, position)[d] = T::narrow(task.values[at]);
        }
    }

    static __device__ __forceinline__ size_t offset(
        const Task& task, const Kv& kv, const KvPart& part, const Place& place, int row) {
        size_t token = part.row + row / task.group;
        return (token * kv.heads * task.group + place.head * task.group + row % task.group) * kv.headDim;
    }

    static __device__ __forceinline__ float* partial(
        const Task& task, const Kv& kv, const KvPart& part, const Place& place, int span, int row) {
        size_t at = part.partial + (place.problem * place.spans + span) * QUERIES + row;
        return task.partial + at * (kv.headDim + 2);
    }

    static __device__ __forceinline__ void score(
        const Kv& kv, const KvPart& part, const Place& place, int keys, const float* q, float* scores, int width) {
        int lane = threadIdx.x % LANES;
        const int SLOTS = THREADS / LANES;
        for (int j0 = 0; j0 < keys; j0 += 2 * SLOTS) { // the same for all lanes: they meet in shuffles
            int j[2] = {j0 + (int)threadIdx.x / LANES, j0 + (int)threadIdx.x / LANES + SLOTS};
            KeyRow<T, SEALED> k[2];
            float sum[2][QUERIES];
#pragma unroll
            for (int n = 0; n < 2; n++) {
                k[n].find(kv, part, place.head, place.first + min(j[n], keys - 1));
#pragma unroll
                for (int r = 0; r < QUERIES; r++) sum[n][r] = 0;
            }
#pragma unroll 2
            for (int c = lane * PER; c < kv.headDim; c += LANES * PER) {
                float x[2][PER];
                k[0].template load<PER>(kv, c, x[0]);
                k[1].template load<PER>(kv, c, x[1]);
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

    // A warp a row: exponentials in place, their maximum and sum. Positions that the row does not see count nothing.
    static __device__ __forceinline__ void soften(
        const Task& task, const KvPart& part, const Place& place, int keys, float* scores, int width, float* most,
        float* total) {
        int lane = threadIdx.x % WARP;
        int r = threadIdx.x / WARP;
        if (r >= QUERIES) return;
        int row = min(place.row0 + r, place.rows - 1);
        int own = row / task.group + part.position + 1 - place.first;
        int least = 0;
        float slope = 0;
        if (SCORED) {
            least = task.scores->window > 0 ? own - task.scores->window : 0;
            slope = task.scores->slope[place.head * task.group + row % task.group];
        }
        float m = -INFINITE;
        for (int j = lane; j < min(keys, own); j += WARP) {
            if (!SCORED) m = fmaxf(m, scores[r * width + j]);
            if (SCORED && j >= least) m = fmaxf(m, fmaf(slope, (float)(j + 1 - own), scores[r * width + j]));
        }
        m = warpMax(m); // of a span in which the row sees nothing: not finite, and then not used
        float sum = 0;
        for (int j = lane; j < keys; j += WARP) {
            float s = scores[r * width + j];
            if (SCORED) s = fmaf(slope, (float)(j + 1 - own), s);
            float e = j < own && (!SCORED || j >= least) ? expf(s - m) : 0.f;
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
        const Task& task, const Kv& kv, const KvPart& part, const Place& place, int keys, const float* scores, int width,
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
                const int DEEP = QUERIES == 1 ? 4 : 2;
                for (int j0 = group; j0 < keys; j0 += DEEP * groups) {
                    float x[DEEP][PER]; // all loads before the first sum, also where there are fewer
#pragma unroll
                    for (int k = 0; k < DEEP; k++) {
                        ValueRow<T, SEALED> v;
                        v.find(kv, part, place.head, place.first + min(j0 + k * groups, keys - 1));
                        v.template load<PER>(kv, (p0 + piece) * PER, x[k]);
                    }
#pragma unroll
                    for (int k = 0; k < DEEP; k++) {
                        if (j0 + k * groups >= keys) break;
#pragma unroll
                        for (int r = 0; r < QUERIES; r++) {
                            float w = scores[r * width + j0 + k * groups];
#pragma unroll
                            for (int i = 0; i < PER; i++) sum[r][i] += w * x[k][i];
                        }
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
                for (int c = threadIdx.x; c < across * PER && place.row0 + r < place.rows; c += THREADS) {
                    float s = 0;
                    for (int g = 0; g < groups; g++) s += sums[(g * PER + c % PER) * across + c / PER];
                    int d = p0 * PER + c;
                    if (place.spans == 1) {
                        task.out[offset(task, kv, part, place, place.row0 + r) + d] = s / total[r];
                    } else {
                        partial(task, kv, part, place, place.first / part.span, r)[d] = s;
                    }
                }
                __syncthreads();
            }
        }
        if (place.spans > 1 && threadIdx.x < QUERIES) {
            float* p = partial(task, kv, part, place, place.first / part.span, threadIdx.x) + kv.headDim;
            p[0] = most[threadIdx.x];
            p[1] = total[threadIdx.x];
        }
    }

    static __device__ __forceinline__ void combine(
        const Task& task, const Kv& kv, const KvPart& part, const Place& place, float* weights, int width, float* most,
        float* total) {
        int lane = threadIdx.x % WARP;
        int r = threadIdx.x / WARP;
        if (r < QUERIES) {
            float m = -INFINITE;
            for (int s = lane; s < place.spans; s += WARP) {
                m = fmaxf(m, __ldcg(partial(task, kv, part, place, s, r) + kv.headDim));
            }
            m = warpMax(m);
            float sum = 0;
            for (int s = lane; s < place.spans; s += WARP) {
                const float* p = partial(task, kv, part, place, s, r) + kv.headDim;
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
            if (place.row0 + row >= place.rows) continue;
            float s = 0;
            const int DEEP = 8;
            for (int n0 = 0; n0 < place.spans; n0 += DEEP) {
                float v[DEEP]; // all loads before the first sum, also where there are fewer
#pragma unroll
                for (int k = 0; k < DEEP; k++) v[k] = __ldcg(partial(task, kv, part, place, min(n0 + k, place.spans - 1), row) + d);
#pragma unroll
                for (int k = 0; k < DEEP; k++) s += n0 + k < place.spans ? weights[row * width + n0 + k] * v[k] : 0.f;
            }
            task.out[offset(task, kv, part, place, place.row0 + row) + d] = s / total[row];
        }
    }
};

// Grid: (most spans times chunks of QUERIES rows of a part, key heads from `head` on, parts). Dynamic shared memory:
// 4 * (QUERIES * (headDim + max(span, spans)) + 128 * PER) bytes. Vector kernels: headDim * size % 16 == 0.
#define ATTEND(NAME, QUERIES, PER, SEALED)                                                                                     \
    KERNEL(ATTENTION(attend_##NAME), THREADS)(                                                                                 \
        const float* query, const float* keys, const float* values, float* out, float* partial, u32* counters, int group,      \
        int head, float scale, const __grid_constant__ Kv kv SCORES) {                                                         \
        Attend<TYPE, QUERIES, PER, SEALED, HAS_SCORES>::run(                                                                   \
            {query, out, keys, values, partial, counters, group, head, scale, GIVEN_SCORES}, kv);                              \
    }
ATTEND(1, 1, TYPE::PER, false)
ATTEND(4, 4, TYPE::PER, false)
ATTEND(any, 4, 1, false)
#if BITS == 16
ATTEND(sealed_1, 1, TYPE::PER, true)
ATTEND(sealed_4, 4, TYPE::PER, true)
ATTEND(sealed_any, 4, 1, true)
#endif

#endif
