// Row-wise operations: embeddings, normalisation, activations, sums, rounding for tensor cores, KV append.
#include "common.cuh"

#define IDS 512

struct Ids {
    int id[IDS];
};

// Grid: (width / 256, ids).
KERNEL(rows_embed, 256)(const void* table, float* out, int width, int add, const __grid_constant__ Ids ids) {
    afterEarlierKernels();
    const TYPE::Stored* row = (const TYPE::Stored*)table + (size_t)ids.id[blockIdx.y] * width;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= width) return;
    float* o = out + (size_t)blockIdx.y * width + i;
    float x = TYPE::widen(row[i]);
    *o = add ? *o + x : x;
}

// Grid: (heads * headDim / 256, most rows of a part, parts).
KERNEL(rows_append, 256)(const float* keys, const float* values, const __grid_constant__ Kv kv) {
    afterEarlierKernels();
    const KvPart& part = kv.parts[blockIdx.z];
    int width = kv.heads * kv.headDim;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= width || blockIdx.y >= part.rows) return;
    int head = i / kv.headDim;
    int d = i - head * kv.headDim;
    size_t from = (size_t)(part.row + blockIdx.y) * width + i;
    int at = part.position + blockIdx.y;
    keyAt<TYPE>(kv, part, head, at)[d] = TYPE::narrow(keys[from]);
    valueAt<TYPE>(kv, part, head, at)[d] = TYPE::narrow(values[from]);
}

#if BITS == 16

#define SEALS 32
#define MOST_HEAD 1024

struct Seals {
    const u16* keys[SEALS];
    const u16* values[SEALS];
    u8* sealedKeys[SEALS];
    u8* sealedValues[SEALS];
};

// What the numbers of a group become; the same operations, in the same order and rounding, as engine.quant.PageCodec.
struct SealedGroup {
    float offset, inverse;

    static __device__ __forceinline__ float rounded(float x) { return __fadd_rn(F16::widen(F16::narrow(x)), 0.f); }

    // Returns scale and offset as they are stored.
    __device__ __forceinline__ u32 choose(float least, float most) {
        offset = rounded(least);
        float scale = rounded(__fdiv_rn(__fsub_rn(most, offset), 15.f));
        inverse = scale == 0.f ? 0.f : __fdiv_rn(1.f, scale);
        return narrow2<F16>(scale, offset);
    }

    __device__ __forceinline__ u32 integer(float x) const {
        return (u32)min(max(__float2int_rn(__fmul_rn(__fsub_rn(x, offset), inverse)), 0), 15);
    }
};

// Seals full blocks. Grid: (heads, 2: keys and values, blocks).
KERNEL(rows_seal, 128)(int headDim, const __grid_constant__ Seals seals) {
    __shared__ SealedGroup channel[MOST_HEAD];
    afterEarlierKernels();
    bool keys = blockIdx.y == 0;
    const u16* in = (keys ? seals.keys : seals.values)[blockIdx.z] + (size_t)blockIdx.x * PAGE * headDim;
    u8* out = (keys ? seals.sealedKeys : seals.sealedValues)[blockIdx.z] +
              (size_t)blockIdx.x * (keys ? sealedKeyBytes(headDim) : sealedValueBytes(headDim));
    int channels = sealedChannels(headDim);
    int words = channels / 8;
    u8* scales = out + sealedScalesAt(headDim);
    if (keys) {
        for (int d = threadIdx.x; d < channels; d += blockDim.x) {
            u32 both = 0;
            if (d < headDim) {
                float least = TYPE::widen(in[d]);
                float most = least;
                for (int t = 1; t < PAGE; t++) {
                    float x = TYPE::widen(in[t * headDim + d]);
                    least = fminf(least, x);
                    most = fmaxf(most, x);
                }
                both = channel[d].choose(least, most);
            }
            ((u16*)scales)[d] = (u16)both;
            ((u16*)scales)[channels + d] = (u16)(both >> 16);
        }
        __syncthreads();
        for (int i = threadIdx.x; i < PAGE * words; i += blockDim.x) {
            u32 word = 0;
            for (int n = 0; n < 8; n++) {
                int d = i % words * 8 + n;
                if (d < headDim) word |= channel[d].integer(TYPE::widen(in[i / words * headDim + d])) << (4 * n);
            }
            ((u32*)out)[i] = word;
        }
    } else {
        int groups = (headDim + GROUP - 1) / GROUP;
        for (int i = threadIdx.x; i < PAGE * groups; i += blockDim.x) {
            int first = i % groups * GROUP;
            int end = min(headDim, first + GROUP);
            const u16* row = in + i / groups * headDim;
            float least = TYPE::widen(row[first]);
            float most = least;
            for (int d = first + 1; d < end; d++) {
                float x = TYPE::widen(row[d]);
                least = fminf(least, x);
                most = fmaxf(most, x);
            }
            SealedGroup group;
            ((u32*)scales)[i] = group.choose(least, most);
            for (int d = first; d < end; d += 8) {
                u32 word = 0;
                for (int n = 0; n < min(8, end - d); n++) word |= group.integer(TYPE::widen(row[d + n])) << (4 * n);
                ((u32*)out)[i / groups * words + d / 8] = word;
            }
        }
    }
}

// Activations as tensor cores take them, rounded to the weights' type. Grid strides; `vectors`: in and out are aligned. beyond: set if
// one is out of the type's range.
KERNEL(rows_narrow, 256)(const float* in, u16* out, long long numbers, int vectors, u32* beyond) {
    afterEarlierKernels();
    bool some = false;
    long long stride = (long long)gridDim.x * blockDim.x;
    long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    long long n = vectors ? numbers / 4 : 0;
    for (long long i = first; i < n; i += stride) {
        float4 v = ((const float4*)in)[i];
        some = some || TYPE::beyond(v.x) || TYPE::beyond(v.y) || TYPE::beyond(v.z) || TYPE::beyond(v.w);
        ((uint2*)out)[i] = make_uint2(
            narrow2<TYPE>(TYPE::limit(v.x), TYPE::limit(v.y)), narrow2<TYPE>(TYPE::limit(v.z), TYPE::limit(v.w)));
    }
    for (long long i = 4 * n + first; i < numbers; i += stride) {
        some = some || TYPE::beyond(in[i]);
        out[i] = TYPE::narrow(TYPE::limit(in[i]));
    }
    if (some) *beyond = 1;
}

// The same for rows with numbers out of the type's range: each is divided by `lift[row]`, the power of two that brings its largest
// number to 2^14 or just above. What is not finite stays so. Grid: rows.
KERNEL(rows_lower, 256)(const float* in, u16* out, float* lift, int width) {
    __shared__ float warps[8];
    afterEarlierKernels();
    in += (size_t)blockIdx.x * width;
    out += (size_t)blockIdx.x * width;
    float most = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x) most = fmaxf(most, fabsf(in[i]));
    most = warpMax(most);
    if (threadIdx.x % WARP == 0) warps[threadIdx.x / WARP] = most;
    __syncthreads();
#pragma unroll
    for (int w = 0; w < 8; w++) most = fmaxf(most, warps[w]);
    int exponent = TYPE::beyond(most) ? (int)(__float_as_uint(most) >> 23) - 127 - 14 : 0;
    float factor = __int_as_float((127 - exponent) << 23);
    for (int i = threadIdx.x; i < width; i += blockDim.x) out[i] = TYPE::narrow(in[i] * factor);
    if (threadIdx.x == 0) lift[blockIdx.x] = __int_as_float((127 + exponent) << 23);
}

#else // what has no stored type but F32

__device__ __forceinline__ float blockSum(float x) {
    __shared__ float sums[32];
    x = warpSum(x);
    __syncthreads();
    if (threadIdx.x % WARP == 0) sums[threadIdx.x / WARP] = x;
    __syncthreads();
    x = threadIdx.x % WARP < blockDim.x / WARP ? sums[threadIdx.x % WARP] : 0.f;
    return warpSum(x);
}

#define NORM_PIECES 3

// The same for rows that a block can hold: everything is read at once, so at a token a step there is one wait instead of three.
__device__ __forceinline__ void normInRegisters(
    float4* x, const float4* added, const float4* weight, const float4* bias, float4* y, int n, float epsilon,
    bool centred) {
    float4 v[NORM_PIECES], a[NORM_PIECES], w[NORM_PIECES], b[NORM_PIECES];
    float sum = 0;
#pragma unroll
    for (int k = 0; k < NORM_PIECES; k++) {
        int i = threadIdx.x + k * blockDim.x;
        a[k] = i < n && added ? added[i] : make_float4(0, 0, 0, 0);
        w[k] = i < n && weight ? weight[i] : make_float4(1, 1, 1, 1);
        b[k] = i < n && bias ? bias[i] : make_float4(0, 0, 0, 0);
    }
    afterEarlierKernels();
#pragma unroll
    for (int k = 0; k < NORM_PIECES; k++) {
        int i = threadIdx.x + k * blockDim.x;
        v[k] = i < n ? x[i] : make_float4(0, 0, 0, 0);
    }
#pragma unroll
    for (int k = 0; k < NORM_PIECES; k++) {
        int i = threadIdx.x + k * blockDim.x;
        if (added && i < n) {
            v[k].x += a[k].x, v[k].y += a[k].y, v[k].z += a[k].z, v[k].w += a[k].w;
            x[i] = v[k];
        }
        sum += (v[k].x + v[k].y) + (v[k].z + v[k].w);
    }
    float mean = centred ? blockSum(sum) / (4 * n) : 0.f;
    float squares = 0;
#pragma unroll
    for (int k = 0; k < NORM_PIECES; k++) {
        if (threadIdx.x + k * blockDim.x >= n) continue;
        v[k].x -= mean, v[k].y -= mean, v[k].z -= mean, v[k].w -= mean;
        squares += (v[k].x * v[k].x + v[k].y * v[k].y) + (v[k].z * v[k].z + v[k].w * v[k].w);
    }
    float scale = 1.f / sqrtf(blockSum(squares) / (4 * n) + epsilon);
#pragma unroll
    for (int k = 0; k < NORM_PIECES; k++) {
        int i = threadIdx.x + k * blockDim.x;
        if (i >= n) continue;
        y[i] = make_float4(
            v[k].x * scale * w[k].x + b[k].x,
            v[k].y * scale * w[k].y + b[k].y,
            v[k].z * scale * w[k].z + b[k].z,
            v[k].w * scale * w[k].w + b[k].w);
    }
}

// in += added, if there is one; out = norm(in), an RMS norm if not `centred`. One block a row; out may be in: each thread reads and
// writes its own elements only. `vectors`: rows are float4 aligned.
KERNEL(rows_norm, 1024)
(float* in, const float* added, const float* weight, const float* bias, float* out, int width, float epsilon, int vectors,
 int centred) {
    float* x = in + (size_t)blockIdx.x * width;
    float* y = out + (size_t)blockIdx.x * width;
    int n = vectors ? width / 4 : 0;
    if (vectors && n <= NORM_PIECES * blockDim.x) {
        normInRegisters(
            (float4*)x, (const float4*)added, (const float4*)weight, (const float4*)bias, (float4*)y, n, epsilon,
            centred);
        return;
    }
    afterEarlierKernels();
    float sum = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        float4 v = ((const float4*)x)[i];
        if (added) {
            float4 a = ((const float4*)added)[i];
            v.x += a.x, v.y += a.y, v.z += a.z, v.w += a.w;
            ((float4*)x)[i] = v;
        }
        sum += (v.x + v.y) + (v.z + v.w);
    }
    for (int i = 4 * n + threadIdx.x; i < width; i += blockDim.x) {
        if (added) x[i] += added[i];
        sum += x[i];
    }
    float mean = centred ? blockSum(sum) / width : 0.f;
    float squares = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        float4 v = ((const float4*)x)[i];
        v.x -= mean, v.y -= mean, v.z -= mean, v.w -= mean;
        squares += (v.x * v.x + v.y * v.y) + (v.z * v.z + v.w * v.w);
    }
    for (int i = 4 * n + threadIdx.x; i < width; i += blockDim.x) squares += (x[i] - mean) * (x[i] - mean);
    float scale = 1.f / sqrtf(blockSum(squares) / width + epsilon);
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        float4 v = ((const float4*)x)[i];
        float4 w = weight ? ((const float4*)weight)[i] : make_float4(1, 1, 1, 1);
        float4 b = bias ? ((const float4*)bias)[i] : make_float4(0, 0, 0, 0);
        v.x = (v.x - mean) * scale * w.x + b.x;
        v.y = (v.y - mean) * scale * w.y + b.y;
        v.z = (v.z - mean) * scale * w.z + b.z;
        v.w = (v.w - mean) * scale * w.w + b.w;
        ((float4*)y)[i] = v;
    }
    for (int i = 4 * n + threadIdx.x; i < width; i += blockDim.x) {
        y[i] = (x[i] - mean) * scale * (weight ? weight[i] : 1.f) + (bias ? bias[i] : 0.f);
    }
}

// x = activation(x + bias), bias optional. Grid: (width / 256, rows).
KERNEL(rows_bias, 256)(float* x, const float* bias, int width, int activation) {
    afterEarlierKernels();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= width) return;
    float* p = x + (size_t)blockIdx.y * width + i;
    *p = activated(activation, *p + (bias ? bias[i] : 0.f));
}

// x = activation(x * lift[row] + bias), bias optional: of products with rows that rows_lower divided. Grid: (width / 256, rows).
KERNEL(rows_lift, 256)(float* x, const float* lift, const float* bias, int width, int activation) {
    afterEarlierKernels();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= width) return;
    float* p = x + (size_t)blockIdx.y * width + i;
    *p = activated(activation, fmaf(*p, lift[blockIdx.y], bias ? bias[i] : 0.f));
}

// x = x / lift[row]: what such products are added to. Grid: (width / 256, rows).
KERNEL(rows_unlift, 256)(float* x, const float* lift, int width) {
    afterEarlierKernels();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < width) x[(size_t)blockIdx.y * width + i] /= lift[blockIdx.y];
}

// x = activation(gate) * x. Grid strides over numbers.
KERNEL(rows_gate, 256)(const float* gate, float* x, long long numbers, int activation) {
    afterEarlierKernels();
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < numbers; i += stride) {
        x[i] *= activated(activation, gate[i]);
    }
}

#define PAIRS 256

struct Turn {
    float frequency[PAIRS];
};

// Turns pairs of each head by position * frequency, and makes them `magnitude` times as large: `count` pairs from pair `first` on, of
// `pairs` that a head has. Angles are products in single precision, as models were trained with. Grid: rows.
KERNEL(rows_rotate, PAIRS)(
    float* x, int width, int headDim, int pairs, int first, int count, int interleaved, float magnitude,
    const __grid_constant__ Ids positions, const __grid_constant__ Turn turn) {
    int m = threadIdx.x % count;
    int groups = blockDim.x / count; // of threads, which share the heads
    float sine, cosine;
    sincosf(__fmul_rn((float)positions.id[blockIdx.x], turn.frequency[m]), &sine, &cosine);
    sine *= magnitude;
    cosine *= magnitude;
    afterEarlierKernels();
    if (threadIdx.x >= groups * count) return;
    int pair = first + m;
    int a = interleaved ? 2 * pair : pair;
    int b = interleaved ? a + 1 : a + pairs;
    float* row = x + (size_t)blockIdx.x * width;
    for (int head = threadIdx.x / count * headDim; head < width; head += groups * headDim) {
        float u = row[head + a];
        float v = row[head + b];
        row[head + a] = u * cosine - v * sine;
        row[head + b] = v * cosine + u * sine;
    }
}

#define HEAD_WARPS 4
#define MOST_TURNED 256

struct HeadRows {
    float* x[2];
    const float* weight[2]; // or null
    const float* bias[2];   // or null
    int heads[2];
    int normed[2];
};

// What rows_norm and rows_rotate do with the heads of queries and keys, in one go: a warp takes a head. Grid: (heads / 4, rows).
KERNEL(rows_heads, HEAD_WARPS * WARP)(
    int headDim, float epsilon, int centred, int pairs, int interleaved, float magnitude, const __grid_constant__ HeadRows rows,
    const __grid_constant__ Ids positions, const __grid_constant__ Turn turn) {
    const int EACH = MOST_TURNED / WARP; // numbers of a lane
    __shared__ float head[HEAD_WARPS][MOST_TURNED];
    int lane = threadIdx.x % WARP;
    int warp = threadIdx.x / WARP;
    int number = blockIdx.x * HEAD_WARPS + warp;
    int part = number < rows.heads[0] ? 0 : 1;
    number -= part ? rows.heads[0] : 0;
    int heads = part ? rows.heads[1] : rows.heads[0];
    float sine[EACH / 2], cosine[EACH / 2];
#pragma unroll
    for (int k = 0; k < EACH / 2; k++) {
        int m = lane + k * WARP;
        sine[k] = cosine[k] = 0;
        if (m < pairs) sincosf(__fmul_rn((float)positions.id[blockIdx.y], turn.frequency[m]), &sine[k], &cosine[k]);
        sine[k] *= magnitude;
        cosine[k] *= magnitude;
    }
    const float* weight = part ? rows.weight[1] : rows.weight[0];
    const float* bias = part ? rows.bias[1] : rows.bias[0];
    afterEarlierKernels();
    if (number >= heads) return; // the whole warp
    float* x = (part ? rows.x[1] : rows.x[0]) + ((size_t)blockIdx.y * heads + number) * headDim;
    float v[EACH];
    float sum = 0;
#pragma unroll
    for (int k = 0; k < EACH; k++) {
        int i = lane + k * WARP;
        v[k] = i < headDim ? x[i] : 0.f;
        sum += v[k];
    }
    if (part ? rows.normed[1] : rows.normed[0]) {
        float mean = centred ? warpSum(sum) / headDim : 0.f;
        float squares = 0;
#pragma unroll
        for (int k = 0; k < EACH; k++) {
            v[k] = lane + k * WARP < headDim ? v[k] - mean : 0.f;
            squares += v[k] * v[k];
        }
        float scale = 1.f / sqrtf(warpSum(squares) / headDim + epsilon);
#pragma unroll
        for (int k = 0; k < EACH; k++) {
            int i = lane + k * WARP;
            if (i < headDim) v[k] = v[k] * scale * (weight ? weight[i] : 1.f) + (bias ? bias[i] : 0.f);
        }
    }
#pragma unroll
    for (int k = 0; k < EACH; k++) {
        int i = lane + k * WARP;
        head[warp][i] = v[k];
        if (i >= 2 * pairs && i < headDim) x[i] = v[k];
    }
    __syncwarp();
#pragma unroll
    for (int k = 0; k < EACH / 2; k++) {
        int m = lane + k * WARP;
        if (m >= pairs) break;
        int a = interleaved ? 2 * m : m;
        int b = interleaved ? a + 1 : a + pairs;
        float u = head[warp][a];
        float w = head[warp][b];
        x[a] = u * cosine[k] - w * sine[k];
        x[b] = w * cosine[k] + u * sine[k];
    }
}

// out[i] = in[ids[i]]. Grid: (width / 256, ids).
KERNEL(rows_gather, 256)(const float* in, float* out, int width, const __grid_constant__ Ids ids) {
    afterEarlierKernels();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < width) out[(size_t)blockIdx.y * width + i] = in[(size_t)ids.id[blockIdx.y] * width + i];
}

#define WEIGHED 256

struct Weighed {
    int row[WEIGHED];
    float factor[WEIGHED];
};

// out[row[i]] += factor[i] * in[i]; no row occurs twice. Grid: (width / 256, rows).
KERNEL(rows_scatter, 256)(const float* in, float* out, int width, const __grid_constant__ Weighed to) {
    afterEarlierKernels();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= width) return;
    float* o = out + (size_t)to.row[blockIdx.y] * width + i;
    *o += to.factor[blockIdx.y] * in[(size_t)blockIdx.y * width + i];
}

// out[t][c] += sum over i of partial[t][i][c], of which row t has room for `most` and counts.id[t] * times: what experts add to rows.
// `width`: columns, rounded up to a multiple of 4. Grid: (columns / 128, rows).
KERNEL(rows_sums, 256)(
    float* out, const float* partial, int most, int times, int columns, int width, const __grid_constant__ Ids counts) {
    __shared__ float4 sums[8][WARP];
    int lane = threadIdx.x % WARP;
    int warp = threadIdx.x / WARP;
    int column = blockIdx.x * 4 * WARP + 4 * lane;
    int count = counts.id[blockIdx.y] * times;
    const float* own = partial + (size_t)blockIdx.y * most * width + min(column, width - 4);
    afterEarlierKernels();
    float4 total = make_float4(0, 0, 0, 0);
    const int DEEP = 8; // loads before the first sum
    for (int i0 = warp; i0 < count; i0 += DEEP * 8) {
        float4 v[DEEP];
#pragma unroll
        for (int d = 0; d < DEEP; d++) v[d] = __ldcg((const float4*)(own + (size_t)min(i0 + d * 8, count - 1) * width));
#pragma unroll
        for (int d = 0; d < DEEP; d++) {
            if (i0 + d * 8 < count) total.x += v[d].x, total.y += v[d].y, total.z += v[d].z, total.w += v[d].w;
        }
    }
    sums[warp][lane] = total;
    __syncthreads();
    int c = blockIdx.x * 4 * WARP + threadIdx.x;
    if (threadIdx.x >= 4 * WARP || c >= columns) return;
    float sum = out[(size_t)blockIdx.y * columns + c];
#pragma unroll
    for (int w = 0; w < 8; w++) sum += ((const float*)sums[w])[threadIdx.x];
    out[(size_t)blockIdx.y * columns + c] = sum;
}

// out = in, or out += in. Grid strides over numbers.
KERNEL(rows_add, 256)(const float* in, float* out, long long numbers, int accumulate) {
    afterEarlierKernels();
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < numbers; i += stride) {
        out[i] = accumulate ? out[i] + in[i] : in[i];
    }
}

#define FAR_ENTRIES 400

struct FarEntries {
    u64 entry[FAR_ENTRIES];
};

// Part of the table that Kv.table points to. One block.
KERNEL(rows_table, 256)(u64* table, int first, int count, const __grid_constant__ FarEntries entries) {
    afterEarlierKernels();
    for (int i = threadIdx.x; i < count; i += blockDim.x) table[first + i] = entries.entry[i];
}

#endif
