// Down projections of 1 to 16 tokens by weights in groups: out[t] += sum over n of in[t][n] * weight[n]. As in down.cu, rows that
// count for no token are not read, and the order of sums depends on a row's number alone, so sums are by FMA: the tensor cores'
// sums of 16 rows would depend on which rows were left out. An FMA takes a masked integer as a subnormal number (see groups.cuh), so
// that a weight costs two instructions. Scales go into the factor of a row.
#include "common.cuh"
#include "projection.cuh"
#include "groups.cuh"

// WORDS words of a group, or for 8 bits as many neighbouring columns: 8 * WORDS columns of a row for a lane. Number i is the integer
// times 2^-exponent(i); LIFT keeps sums of such numbers normal.
template <int BITS_OF_ONE, int WORDS> struct Piece;

template <int WORDS> struct FieldsOfWords {
    // The lane and the number of a column of the tile.
    static __device__ __forceinline__ int laneOf(int column) { return (column / GROUP * 8 + column % 8) / WORDS; }
    static __device__ __forceinline__ int numberOf(int column) { return column % 8 % WORDS * 8 + column % GROUP / 8; }
    static __device__ __forceinline__ int group(int lane) { return lane * WORDS / 8; }
    static constexpr float LIFT = 1.2089258196146292e24f; // 2^80
};

template <int WORDS> struct Piece<4, WORDS> : FieldsOfWords<WORDS> {
    struct Raw {
        u32 word[WORDS];
    };
    static __device__ __forceinline__ Raw load(const u8* integers, int lane, bool present) {
        Raw r;
        const u8* p = integers + lane * WORDS * 4;
        if (WORDS == 4) {
            *(uint4*)r.word = stream16(p, present);
        } else if (WORDS == 2) {
            *(uint2*)r.word = stream8(p, present);
        } else {
            r.word[0] = cached4(p, present);
        }
        return r;
    }
    static __device__ __forceinline__ float number(const Raw& raw, int i) {
        u32 w = raw.word[i / 8];
        return __uint_as_float(i % 8 < 6 ? w & 15u << 4 * (i % 8) : w >> 24 & 15u << 4 * (i % 8 - 6));
    }
    static __device__ __forceinline__ int exponent(int i) { return 149 - 4 * (i % 8 < 6 ? i % 8 : i % 8 - 6); }
};

template <int WORDS> struct Piece<3, WORDS> : FieldsOfWords<WORDS> {
    struct Raw {
        u32 plane[3]; // WORDS bytes of each
    };
    static __device__ __forceinline__ Raw load(const u8* integers, int lane, bool present) {
        Raw r;
        const u8* p = integers + lane * WORDS / 8 * 24 + lane * WORDS % 8;
#pragma unroll
        for (int b = 0; b < 3; b++) {
            r.plane[b] = WORDS == 4 ? cached4(p + 8 * b, present) : WORDS == 2 ? cached2(p + 8 * b, present) : cached1(p + 8 * b, present);
        }
        return r;
    }
    static __device__ __forceinline__ float number(const Raw& raw, int i) {
        u32 w = i / 8;
        u32 low = pick(raw.plane[0], raw.plane[1], w | (4 + w) << 4);
        u32 word = pick(low, raw.plane[2], 0x0010 | (4 + w) << 8 | 0x3000);
        return __uint_as_float(word & 7u << 3 * (i % 8));
    }
    static __device__ __forceinline__ int exponent(int i) { return 149 - 3 * (i % 8); }
};

template <int WORDS> struct Piece<8, WORDS> {
    struct Raw {
        u32 word[2 * WORDS];
    };
    static __device__ __forceinline__ int laneOf(int column) { return column / (8 * WORDS); }
    static __device__ __forceinline__ int numberOf(int column) { return column % (8 * WORDS); }
    static __device__ __forceinline__ int group(int lane) { return lane * WORDS / 8; }
    static constexpr float LIFT = 1;
    static __device__ __forceinline__ Raw load(const u8* integers, int lane, bool present) {
        Raw r;
        const u8* p = integers + lane * WORDS * 8;
        if (WORDS == 1) {
            *(uint2*)r.word = stream8(p, present);
        } else {
#pragma unroll
            for (int i = 0; i < WORDS / 2; i++) *(uint4*)(r.word + 4 * i) = stream16(p + 16 * i, present);
        }
        return r;
    }
    // 2^23 + 128 + integer, less 2^23 + 128.
    static __device__ __forceinline__ float number(const Raw& raw, int i) {
        return __uint_as_float(pick(raw.word[i / 4] ^ 0x80808080, 0x4b000000, 0x7440 | i % 4)) - 8388736.f;
    }
    static __device__ __forceinline__ int exponent(int i) { return 0; }
};

// A block takes a tile of 32 * 8 * WORDS columns of a range of rows, each of its warps every eighth row of it, as in down.cu. The
// tokens of blockIdx.z are TOKENS from number TOKENS * blockIdx.z on.
template <class Q, int TOKENS, int WORDS, int CHECK, int DEEP> struct DownGroups {
    typedef Piece<BITS, WORDS> P;
    static const int CHUNK = CHECK * WARP; // listed by a warp at a time
    static const int NUMBERS = 8 * WORDS;
    static const int TILE = WARP * NUMBERS;

    union Shared {
        struct {
            int row[WARPS][CHUNK];
            float value[WARPS][CHUNK * TOKENS]; // [listed row][token], times LIFT
        } list;
        float sums[WARPS * TILE];
    };

    struct Inputs {
        float v[CHECK][TOKENS];
    };

    static __device__ __forceinline__ int rowOf(int first, int k) {
        return first + (k * WARP + threadIdx.x % WARP) * WARPS + threadIdx.x / WARP;
    }

    template <class Source>
    static __device__ __forceinline__ void read(Inputs& inputs, const Source& in, int tokens, int first, int end) {
#pragma unroll
        for (int k = 0; k < CHECK; k++) {
            int n = rowOf(first, k);
#pragma unroll
            for (int t = 0; t < TOKENS; t++) inputs.v[k][t] = t < tokens && n < end ? in.row(t)[n] : 0.f;
        }
    }

    // Lists the warp's rows from `first` on that any token needs, in order; all of them if they are `dense`.
    static __device__ __forceinline__ int list(Shared& s, const Inputs& inputs, bool dense, int first, int end) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int total = 0;
        __syncwarp(); // the last list has been read
#pragma unroll
        for (int k = 0; k < CHECK; k++) {
            bool active = dense && rowOf(first, k) < end;
#pragma unroll
            for (int t = 0; t < TOKENS; t++) active = active || inputs.v[k][t] != 0.f;
            u32 all = __ballot_sync(EVERYONE, active);
            if (active) {
                int at = total + __popc(all & ((1u << lane) - 1));
                s.list.row[warp][at] = rowOf(first, k);
#pragma unroll
                for (int t = 0; t < TOKENS; t++) s.list.value[warp][at * TOKENS + t] = inputs.v[k][t] * P::LIFT;
            }
            total += __popc(all);
        }
        __syncwarp();
        return total;
    }

    // Rows one behind the other.
    struct Tokens {
        const float* in;
        int width;
        __device__ __forceinline__ const float* row(int token) const { return in + (size_t)token * width; }
    };

    // What an expert's neurons gave for the rows of a task.
    struct Slots {
        const ExpertTask& task;
        const float* in;
        int neurons;
        __device__ __forceinline__ const float* row(int token) const { return in + (size_t)task.slot[token] * neurons; }
    };

    static __device__ __forceinline__ void run(
        const u8* weight, const float* in, float* out, float* partial, u32* counters, int tokens, int rows, int columns,
        int range, int fetched) {
        __shared__ Shared s;
        int token0 = blockIdx.z * TOKENS;
        in += (size_t)token0 * rows;
        out += (size_t)token0 * columns;
        int width = (columns + 3) / 4 * 4;
        partial += (size_t)token0 * gridDim.y * width;
        tokens = min(tokens - token0, TOKENS);
        float sum[TOKENS][NUMBERS];
        multiply(s, sum, weight, Tokens{in, rows}, tokens, rows, columns, range, fetched);
        join(s.sums, sum, out, partial, counters + blockIdx.z * gridDim.x, tokens, columns, width);
    }

    // The sums of a range of an expert's rows go to their slots: [slot][range][column].
    static __device__ __forceinline__ void runExpert(
        const ExpertTask& task, const float* in, float* partial, int rows, int columns, int range, int fetched) {
        __shared__ Shared s;
        float sum[TOKENS][NUMBERS];
        multiply(s, sum, task.down, Slots{task, in, rows}, task.rows, rows, columns, range, fetched);
        int tile = blockIdx.x * TILE;
        int width = (columns + 3) / 4 * 4;
        meet(s.sums, sum, task.rows, [&](int t, int c, float total) {
            if (tile + c < columns) partial[((size_t)task.slot[t] * gridDim.y + blockIdx.y) * width + tile + c] = total;
        });
    }

    template <class Source>
    static __device__ __forceinline__ void multiply(
        Shared& s, float (&sum)[TOKENS][NUMBERS], const u8* weight, const Source& in, int tokens, int rows, int columns, int range,
        int fetched) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int group0 = blockIdx.x * (TILE / GROUP);
        int group = group0 + P::group(lane);
        int groups = Q::groups(columns);
        bool inside = group < groups;
        size_t rowBytes = Q::rowBytes(columns);
        const u8* integers = weight + (size_t)group0 * Q::INTEGER_BYTES;
        const u8* scales = weight + Q::scalesAt(columns) + (size_t)(inside ? group : 0) * Q::SCALE_BYTES;
        float offset[TOKENS];
#pragma unroll
        for (int i = 0; i < TOKENS * NUMBERS; i++) (&sum[0][0])[i] = 0;
#pragma unroll
        for (int t = 0; t < TOKENS; t++) offset[t] = 0;
        int start = blockIdx.y * range;
        int end = min(rows, start + range);
        // What will be read in any case is on its way before the kernels before this one are done.
        int bytes = min(TILE / GROUP, groups - group0) * Q::INTEGER_BYTES / 16 * 16;
        for (int n = start + threadIdx.x; n < min(start + fetched, end); n += THREADS) fetchToL2(integers + n * rowBytes, bytes);
        afterEarlierKernels();
        Inputs inputs;
        read(inputs, in, tokens, start, end);
        for (int first = start; first < end; first += CHUNK * WARPS) {
            int listed = list(s, inputs, fetched > 0, first, end);
            read(inputs, in, tokens, first + CHUNK * WARPS, end);
            for (int e0 = 0; e0 < listed; e0 += DEEP) {
                typename P::Raw raw[DEEP];
                u32 scale[DEEP];
#pragma unroll
                for (int d = 0; d < DEEP; d++) {
                    bool present = inside && e0 + d < listed;
                    size_t at = s.list.row[warp][min(e0 + d, listed - 1)] * rowBytes;
                    raw[d] = P::load(integers + at, lane, present);
                    scale[d] = Q::loadScale(scales + at, present);
                }
                __syncwarp(); // all loads before the first use: left alone, the assembler saves registers instead
#pragma unroll
                for (int d = 0; d < DEEP; d++) {
                    int e = min(e0 + d, listed - 1); // past the end the scales are zeros
                    GroupScale g = Q::scale(scale[d]);
                    float v[TOKENS];
#pragma unroll
                    for (int t = 0; t < TOKENS; t++) {
                        float x = s.list.value[warp][e * TOKENS + t];
                        v[t] = x * g.scale;
                        if (Q::OFFSET) offset[t] = fmaf(x, g.offset, offset[t]);
                    }
#pragma unroll
                    for (int i = 0; i < NUMBERS; i++) {
                        float w = P::number(raw[d], i);
#pragma unroll
                        for (int t = 0; t < TOKENS; t++) sum[t][i] = fmaf(v[t], w, sum[t][i]);
                    }
                }
            }
        }
#pragma unroll
        for (int t = 0; t < TOKENS; t++) {
#pragma unroll
            for (int i = 0; i < NUMBERS; i++) {
                // 2^149 is beyond an F32.
                float unit = P::LIFT == 1 ? 1.f : powerOfTwo(P::exponent(i) - 80);
                sum[t][i] = sum[t][i] * unit + offset[t] * (1 / P::LIFT);
            }
        }
    }

    // The sums of a block's warps meet in shared memory, [warp][number][lane].
    template <class Store>
    static __device__ __forceinline__ void meet(float* sums, const float (&sum)[TOKENS][NUMBERS], int tokens, const Store& store) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        __syncthreads(); // all lists have been read
#pragma unroll
        for (int t = 0; t < TOKENS; t++) {
            if (t >= tokens) break;
#pragma unroll
            for (int i = 0; i < NUMBERS; i++) sums[warp * TILE + i * WARP + lane] = sum[t][i];
            __syncthreads();
            for (int c = threadIdx.x; c < TILE; c += THREADS) {
                int at = P::numberOf(c) * WARP + P::laneOf(c);
                float total = 0;
#pragma unroll
                for (int w = 0; w < WARPS; w++) total += sums[w * TILE + at];
                store(t, c, total);
            }
            __syncthreads();
        }
    }

    // Those of the ranges meet in `partial`.
    static __device__ __forceinline__ void join(
        float* sums, const float (&sum)[TOKENS][NUMBERS], float* out, float* partial, u32* counters, int tokens, int columns,
        int width) {
        int tile = blockIdx.x * TILE;
        meet(sums, sum, tokens, [&](int t, int c, float total) {
            if (tile + c < columns) {
                if (gridDim.y == 1) {
                    out[(size_t)t * columns + tile + c] += total;
                } else {
                    partial[((size_t)blockIdx.y * tokens + t) * width + tile + c] = total;
                }
            }
        });
        if (gridDim.y == 1 || !lastToArrive(counters + blockIdx.x, gridDim.y)) return;
        addRanges<TILE>(sums, out, partial, tokens, columns, width);
    }
};

// Grid: (column tiles, ranges of `range` rows, tokens / TOKENS). `fetched`: so many rows of each range are fetched before the inputs
// are there, and none is left out. counters: one a column tile and blockIdx.z, zero.
#define DOWN_GROUPS(TOKENS, WORDS, CHECK, DEEP, BLOCKS)                                                                         \
    KERNEL_OF(groupdown_##TOKENS, THREADS, BLOCKS)(                                                                            \
        const u8* weight, const float* in, float* out, float* partial, u32* counters, int tokens, int rows, int columns,       \
        int range, int fetched) {                                                                                              \
        DownGroups<TYPE, TOKENS, WORDS, CHECK, DEEP>::run(                                                                     \
            weight, in, out, partial, counters, tokens, rows, columns, range, fetched);                                        \
    }
DOWN_GROUPS(1, 2, 2, 16, 2)
DOWN_GROUPS(4, 2, 1, 8, 2)
DOWN_GROUPS(8, 1, 1, 8, 2)

// partial[slot][range][c] = sum over the range's n of in[slot][n] * down[n][c], for the rows of all tasks. Grid: (column tiles, ranges of
// `range` neurons, tasks).
#define DOWN_EXPERTS(ROWS, WORDS, CHECK, DEEP)                                                                                 \
    KERNEL_OF(groupdown_experts_##ROWS, THREADS, 2)(                                                                           \
        const float* in, float* partial, int neurons, int columns, int range, int fetched,                                     \
        const __grid_constant__ ExpertTasks tasks) {                                                                           \
        DownGroups<TYPE, ROWS, WORDS, CHECK, DEEP>::runExpert(                                                                 \
            tasks.task[blockIdx.z], in, partial, neurons, columns, range, fetched);                                            \
    }
DOWN_EXPERTS(1, 2, 2, 16)
DOWN_EXPERTS(4, 2, 1, 8)
