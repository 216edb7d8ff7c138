// Up projections of 1 to 16 tokens by weights in groups: out[t][r] = activation(in[t] . weight[r] + bias[r]), on tensor cores.
//
// Products of integers and activations are exact: an activation is cut into two F16, after the activations of a group were scaled
// by a power of two so that the largest is near 2^10, which leaves room for the second ones below it. The sums of a group are
// multiplied by the row's scale, which leaves its offset times the sum of the group's activations.
#include "common.cuh"
#include "projection.cuh"
#include "groups.cuh"

// How the integers of a row come to the tensor cores. A warp copies its share of 32 rows, a unit of two groups of each, to shared
// memory: CHUNKS pieces of 16 bytes a row, permuted by row against bank conflicts. `operands` makes of a group a lane's 16 integers
// as four products take them: each a pair of F16 for columns 2 * t and 2 * t + 1 and one for the columns 8 further on. Any order of
// columns will do as long as the activations have the same, see `put`. Lane t of a row has words 2 * t and 2 * t + 1 of a group, or
// of 8 bits the t-th 16 columns; fields k of the words are pair k. A number is the integer times 2^-UNIT_EXPONENT, divided by
// `inverse(k)`.

template <int BITS_OF_ONE> struct Operands;

template <> struct Operands<4> {
    static const int CHUNKS = 4;
    static const int UNIT_EXPONENT = 24;
    static __device__ __forceinline__ int place(int row, int chunk) { return row * 64 + ((chunk ^ (row & 2)) << 4); }

    static __device__ __forceinline__ void operands(const u8* rows, int row, int group, u32 (&pairs)[4][2]) {
        int t = threadIdx.x % 4;
        uint2 words = *(const uint2*)(rows + place(row, 2 * group + t / 2) + t % 2 * 8);
#pragma unroll
        for (int h = 0; h < 2; h++) {
            u32 fields = pick(words.x, words.y, h ? 0x7632 : 0x5410);
            pairs[2 * h][0] = fields & 0x000f000f;
            pairs[2 * h][1] = fields & 0x00f000f0;
            fields >>= 8;
            pairs[2 * h + 1][0] = fields & 0x000f000f;
            pairs[2 * h + 1][1] = fields & 0x00f000f0;
        }
    }

    static __device__ __forceinline__ float inverse(int k) { return k % 2 ? 1.f / 16 : 1.f; }
};

template <> struct Operands<3> {
    static const int CHUNKS = 3;
    static const int UNIT_EXPONENT = 24;
    static __device__ __forceinline__ int place(int row, int chunk) { return row * 48 + chunk * 16; }

    // Byte b of word w is byte 8 * b + w of the group.
    static __device__ __forceinline__ void operands(const u8* rows, int row, int group, u32 (&pairs)[4][2]) {
        const u8* own = rows + row * 48 + group * 24 + threadIdx.x % 4 * 2;
        u32 bytes[3] = {*(const u16*)own, *(const u16*)(own + 8), *(const u16*)(own + 16)};
        u32 low = pick(bytes[0], bytes[1], 0x5140);  // bits 0 to 15 of both words
        u32 high = pick(bytes[1], bytes[2], 0x5140); // bits 8 to 23
        pairs[0][0] = low & 0x00070007;
        pairs[0][1] = low & 0x00380038;
        pairs[1][0] = low & 0x01c001c0;
        pairs[1][1] = low >> 9 & 0x00070007;
        pairs[2][0] = low >> 9 & 0x00380038;
        pairs[2][1] = high >> 7 & 0x00070007;
        pairs[3][0] = high >> 7 & 0x00380038;
        pairs[3][1] = high >> 7 & 0x01c001c0;
    }

    static __device__ __forceinline__ float inverse(int k) {
        return k == 2 || k == 7 ? 1.f / 64 : k == 1 || k == 4 || k == 6 ? 1.f / 8 : 1.f;
    }
};

template <> struct Operands<8> {
    static const int CHUNKS = 8;
    static const int UNIT_EXPONENT = 0;
    static __device__ __forceinline__ int place(int row, int chunk) { return row * 128 + ((chunk ^ (row & 1) * 4) << 4); }

    static __device__ __forceinline__ u32 signedPair(u32 word, u32 bytes) {
        u32 biased = pick(word, 0x64646464, bytes); // 1024 + 128 + integer
        u32 r;
        asm("sub.f16x2 %0, %1, %2;" : "=r"(r) : "r"(biased), "r"(0x64806480));
        return r;
    }

    static __device__ __forceinline__ void operands(const u8* rows, int row, int group, u32 (&pairs)[4][2]) {
        uint4 raw = *(const uint4*)(rows + place(row, 4 * group + threadIdx.x % 4));
        u32 words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            u32 word = words[i] ^ 0x80808080;
            pairs[i][0] = signedPair(word, 0x4140);
            pairs[i][1] = signedPair(word, 0x4342);
        }
    }

    static __device__ __forceinline__ float inverse(int) { return 1; }
};

// Units under way for a warp, as GroupUpMemory has it: what a GPU's shared memory holds.
#if __CUDA_ARCH__ >= 900 && __CUDA_ARCH__ < 1200
#define STAGES (BITS == 8 ? 2 : 3)
#elif __CUDA_ARCH__ >= 800
#define STAGES (BITS == 8 ? 1 : 3)
#else
#define STAGES 1 // no asynchronous copies
#endif

// A block is two teams of four warps. A team takes tiles of 32 rows, one after the other; each of its warps takes a slice of the
// columns, and their sums meet in shared memory. Copies run on from one tile to the next. A token is two columns of the products,
// for the first F16 of its activations and for the rest. The order of a token's sums does not depend on how many tokens there are,
// how much of the input is staged at a time, or who takes a tile.
template <class Q, class P, int TILES> struct UpGroups {
    static const int SLICES = 4;
    static const int TEAMS = WARPS / SLICES;
    static const int UNIT = 2;             // groups that a warp takes at a time
    static const int STEP = SLICES * UNIT; // and a team
    static const int ROWS = 32;
    static const int SCALE_BYTES = UNIT * Q::SCALE_BYTES;
    static const int UNIT_BYTES = 32 * (P::CHUNKS * 16 + SCALE_BYTES);

    // GroupUpMemory has these sizes, too. `room`: staged groups, of all tokens together.
    struct Shared {
        u8* units;     // [warp][stage]
        uint4* x;      // [group][half][column][lane of a row]
        float2* group; // [group][token]: what to multiply its products with, and the sum of its activations
        float* sums;   // [buffer][warp][token][row], if the whole input is staged at once; else they take the place of x

        __device__ __forceinline__ Shared(u8* memory, int room) {
            units = memory;
            x = (uint4*)(units + WARPS * STAGES * UNIT_BYTES);
            group = (float2*)(x + room * 16);
            sums = (float*)(group + room);
        }
        __device__ __forceinline__ u8* unit(int stage) const { return units + (threadIdx.x / WARP * STAGES + stage) * UNIT_BYTES; }
    };

    // Pairs of columns 8 * piece + 2 * m, + 1 of a group to where the lanes read their operands.
    static __device__ __forceinline__ void put(u32* x, int group, int piece, int column, int columns, const u32 (&pairs)[4]) {
        if (BITS == 8) {
            int at = ((group * 2 + piece % 2) * columns + column) * 4 + piece / 2;
            ((uint4*)x)[at] = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
        } else {
#pragma unroll
            for (int m = 0; m < 4; m++) {
                int at = ((group * 2 + piece / 4) * columns + column) * 4 + m;
                x[4 * at + piece % 4] = pairs[m];
            }
        }
    }

    // Eight threads a group; whole warps do so. Several loads are under way before the first is used.
    template <class Work>
    static __device__ __forceinline__ void stageInputs(
        const Shared& s, const Work& work, int tokens, int columns, int from, int staged) {
        const int DEEP = 4;
        int pieces = tokens * staged * 8;
        for (int i0 = threadIdx.x; i0 < pieces; i0 += DEEP * THREADS) {
            float v[DEEP][8];
#pragma unroll
            for (int d = 0; d < DEEP; d++) {
                int i = min(i0 + d * THREADS, pieces - 1);
                int c = (from + i / 8 % staged) * GROUP + i % 8 * 8;
                const float* own = work.input(i / 8 / staged) + c;
                read(v[d], own, (u64)own % 16 == 0, columns - c);
            }
#pragma unroll
            for (int d = 0; d < DEEP; d++) {
                int i = i0 + d * THREADS;
                if (i < pieces) stageOne(s, v[d], i / 8 % staged, i % 8, i / 8 / staged, tokens);
            }
        }
    }

    // Eight numbers, of which `count` are there.
    static __device__ __forceinline__ void read(float* v, const float* from, bool vectors, int count) {
        *(float4*)v = *(float4*)(v + 4) = make_float4(0, 0, 0, 0);
        if (vectors && count >= 8) {
            *(float4*)v = *(const float4*)from;
            *(float4*)(v + 4) = *(const float4*)(from + 4);
        } else {
#pragma unroll
            for (int k = 0; k < 8; k++) {
                if (k < count) v[k] = from[k];
            }
        }
    }

    static __device__ __forceinline__ void stageOne(
        const Shared& s, const float* v, int group, int piece, int token, int tokens) {
        float most = 0;
        float sum = 0;
#pragma unroll
        for (int k = 0; k < 8; k++) most = fmaxf(most, fabsf(v[k])), sum += v[k];
#pragma unroll
        for (int m = 1; m < 8; m *= 2) {
            most = fmaxf(most, __shfl_xor_sync(EVERYONE, most, m));
            sum += __shfl_xor_sync(EVERYONE, sum, m);
        }
        int exponent = min(max((int)(__float_as_uint(most) >> 23), 20), 220) - 127 - 10;
        float lift = powerOfTwo(-exponent) * P::inverse(piece);
        u32 pairs[2][4];
#pragma unroll
        for (int m = 0; m < 4; m++) {
            float one = v[2 * m] * lift;
            float two = v[2 * m + 1] * lift;
            u32 first = narrow2<F16>(F16::limit(one), F16::limit(two));
            pairs[0][m] = first;
            pairs[1][m] = narrow2<F16>(one - F16::widen((u16)first), two - F16::widen((u16)(first >> 16)));
        }
        put((u32*)s.x, group, piece, 2 * token, 2 * tokens, pairs[0]);
        put((u32*)s.x, group, piece, 2 * token + 1, 2 * tokens, pairs[1]);
        if (piece == 0) s.group[group * tokens + token] = make_float2(powerOfTwo(exponent + P::UNIT_EXPONENT), sum);
    }

    // A warp's rows: what this lane copies of them.
    struct Source {
        static const int ROWS_AT_A_TIME = P::CHUNKS == 3 ? 32 : WARP / P::CHUNKS; // of 3 pieces a lane takes those of one row
        const u8* row;     // the first that the lane copies from
        const u8* scales;  // of row number `lane`
        u32 stride;        // bytes from a row that it copies from to the next
        int present;       // of those, how many there are
        bool scaled;
        int first;         // place of its first piece in a row
        u32 integerBytes;
        int groups;

        __device__ __forceinline__ Source() {}
        __device__ __forceinline__ Source(const UpPart& part, int row0, int columns) {
            int lane = threadIdx.x % WARP;
            size_t rowBytes = Q::rowBytes(columns);
            int own = P::CHUNKS == 3 ? lane : lane / P::CHUNKS;
            first = P::CHUNKS == 3 ? 0 : lane % P::CHUNKS;
            row = (const u8*)part.weight + min(row0 + own, part.rows - 1) * rowBytes + first * 16;
            present = (part.rows - row0 - own + ROWS_AT_A_TIME - 1) / ROWS_AT_A_TIME;
            scaled = row0 + lane < part.rows;
            scales = (const u8*)part.weight + min(row0 + lane, part.rows - 1) * rowBytes + Q::scalesAt(columns);
            stride = (u32)(ROWS_AT_A_TIME * rowBytes);
            integerBytes = (u32)Q::scalesAt(columns);
            groups = Q::groups(columns);
        }
    };

    static __device__ __forceinline__ void copyScales(void* shared, const u8* global, bool present) {
#if __CUDA_ARCH__ >= 800
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;"
                     :
                     : "r"(sharedAddress(shared)), "l"(global), "n"(SCALE_BYTES), "r"(present ? SCALE_BYTES : 0)
                     : "memory");
#else
        for (int i = 0; i < SCALE_BYTES; i += 4) *(u32*)((u8*)shared + i) = present ? *(const u32*)(global + i) : 0;
#endif
    }

    // Sends the warp's groups `group` and the next on their way. Rows past the last are zeros, groups past the last are not used.
    static __device__ __forceinline__ void copy(u8* unit, const Source& source, int group) {
        int lane = threadIdx.x % WARP;
        u32 at = (u32)group * Q::INTEGER_BYTES;
#pragma unroll
        for (int i = 0; i < P::CHUNKS; i++) {
            if (P::CHUNKS == 3) {
                bool present = source.present > 0 && at + i * 16 < source.integerBytes;
                copy16(unit + P::place(lane, i), present ? source.row + at + i * 16 : source.row, present);
            } else {
                bool present = i < source.present && at + source.first * 16 < source.integerBytes;
                const u8* from = source.row + (u64)source.stride * (u32)i + at;
                copy16(unit + P::place(i * Source::ROWS_AT_A_TIME + lane / P::CHUNKS, source.first), present ? from : source.row, present);
            }
        }
        bool present = source.scaled && group < source.groups;
        copyScales(
            unit + 32 * P::CHUNKS * 16 + lane * SCALE_BYTES, present ? source.scales + group * Q::SCALE_BYTES : source.scales, present);
        copiesIssued();
    }

    static __device__ __forceinline__ u32 scaleOf(const u8* unit, int row, int group) {
        const u8* scale = unit + 32 * P::CHUNKS * 16 + row * SCALE_BYTES + group * Q::SCALE_BYTES;
        return BITS == 8 ? *(const u16*)scale : *(const u32*)scale;
    }

    // Adds the products of a unit, the staged groups from number `at` on, of which `count` are some: [16 rows][tile][8 rows].
    static __device__ __forceinline__ void add(
        float (&sum)[2][TILES][2], const u8* unit, const Shared& s, int at, int count, int tokens) {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int g = 0; g < UNIT; g++) {
            if (g >= count) break;
            u32 low[2][4][2], high[2][4][2];
            GroupScale scale[2][2];
#pragma unroll
            for (int m = 0; m < 2; m++) {
                int row = m * 16 + lane / 4;
                P::operands(unit, row, g, low[m]);
                P::operands(unit, row + 8, g, high[m]);
                scale[m][0] = Q::scale(scaleOf(unit, row, g));
                scale[m][1] = Q::scale(scaleOf(unit, row + 8, g));
            }
#pragma unroll
            for (int n = 0; n < TILES; n++) {
                // What there is no token for is computed as well, from the last one's numbers, and not stored.
                int column = min(n * 8 + lane / 4, 2 * tokens - 1);
                float d[2][4] = {};
#pragma unroll
                for (int h = 0; h < 2; h++) {
                    uint4 v = s.x[(((at + g) * 2 + h) * 2 * tokens + column) * 4 + lane % 4];
#pragma unroll
                    for (int m = 0; m < 2; m++) {
                        u32(&a)[4][2] = low[m];
                        u32(&b)[4][2] = high[m];
                        Mma<F16>::go(d[m], a[2 * h][0], b[2 * h][0], a[2 * h][1], b[2 * h][1], v.x, v.y);
                    }
#pragma unroll
                    for (int m = 0; m < 2; m++) {
                        u32(&a)[4][2] = low[m];
                        u32(&b)[4][2] = high[m];
                        Mma<F16>::go(d[m], a[2 * h + 1][0], b[2 * h + 1][0], a[2 * h + 1][1], b[2 * h + 1][1], v.z, v.w);
                    }
                }
                float2 of = s.group[(at + g) * tokens + min(n * 4 + lane % 4, tokens - 1)];
#pragma unroll
                for (int m = 0; m < 2; m++) {
#pragma unroll
                    for (int r = 0; r < 2; r++) {
                        float& total = sum[m][n][r];
                        total = fmaf(scale[m][r].scale, (d[m][2 * r] + d[m][2 * r + 1]) * of.x, total);
                        if (Q::OFFSET) total = fmaf(scale[m][r].offset, of.y, total);
                    }
                }
            }
        }
    }

    // The units of a warp, one after the other: what is to be copied next.
    template <class Work> struct Ahead {
        const Work& work;
        int columns, steps;
        int round, step;
        bool present;
        Source source;

        __device__ __forceinline__ Ahead(const Work& work, int columns, int steps)
            : work(work), columns(columns), steps(steps), round(0), step(0) {
            find();
        }
        __device__ __forceinline__ void find() {
            UpPart part;
            present = work.locate(round, part);
            if (present) source = Source(part, part.row, columns);
        }
        __device__ __forceinline__ void copyNext(u8* unit) {
            if (present) {
                copy(unit, source, threadIdx.x / WARP % SLICES * UNIT + step * STEP);
            } else {
                copiesIssued(); // none, so that they can be counted
            }
            if (++step == steps) {
                step = 0;
                round++;
                find();
            }
        }
    };

    static __device__ __forceinline__ int team() { return threadIdx.x / WARP / SLICES; }

    // A team's slices of a row, added up.
    static __device__ __forceinline__ float total(const float* sums, int team, int tokens, int token, int row) {
        float total = 0;
#pragma unroll
        for (int slice = 0; slice < SLICES; slice++) total += sums[((team * SLICES + slice) * tokens + token) * ROWS + row];
        return total;
    }

    // Some matrices over the same rows. Tiles go to the teams in turn.
    struct Projections {
        const UpGroup& group;
        const float* in;
        int columns, activation;

        __device__ __forceinline__ const float* input(int token) const { return in + (size_t)token * columns; }

        // The team's tile of a round: all first teams come before the second ones, so that every multiprocessor has as many.
        __device__ __forceinline__ bool locate(int round, UpPart& part) const {
            return ::locate(group, (round * TEAMS + team()) * gridDim.x + blockIdx.x, ROWS, part);
        }

        __device__ __forceinline__ int rounds() const {
            int tiles = 0;
#pragma unroll
            for (int i = 0; i < 3; i++) tiles += i < group.count ? (group.rows[i] + ROWS - 1) / ROWS : 0;
            return (tiles + TEAMS * gridDim.x - 1) / (TEAMS * gridDim.x);
        }

        __device__ __forceinline__ void finish(const UpPart& part, bool present, const float* sums, int tokens) const {
            for (int i = threadIdx.x % (SLICES * WARP); i < ROWS * tokens; i += SLICES * WARP) {
                int row = i % ROWS;
                int token = i / ROWS;
                if (present && part.row + row < part.rows) {
                    store(part, part.row + row, token, total(sums, team(), tokens, token, row), activation);
                }
            }
        }
    };

    // The neurons of an expert: the first team takes their gates, the second the rest.
    struct Neurons {
        const ExpertTask& task;
        const float* in;
        float* out; // [slot][neuron]
        int slots, columns, neurons, activation;

        __device__ __forceinline__ const float* input(int token) const {
            return in + (size_t)(task.slot[token] / slots) * columns;
        }

        __device__ __forceinline__ bool locate(int round, UpPart& part) const {
            part = {team() == 0 ? task.gate : task.up, nullptr, nullptr, neurons, (int)blockIdx.x * ROWS};
            return round == 0;
        }

        __device__ __forceinline__ int rounds() const { return 1; }

        __device__ __forceinline__ void finish(const UpPart& part, bool present, const float* sums, int tokens) const {
            for (int i = threadIdx.x; i < ROWS * tokens; i += THREADS) {
                int row = i % ROWS;
                int token = i / ROWS;
                if (part.row + row >= neurons) continue;
                float gate = activated(activation, total(sums, 0, tokens, token, row));
                float result = gate * total(sums, 1, tokens, token, row) * task.weight[token];
                out[(size_t)task.slot[token] * neurons + part.row + row] = result;
            }
        }
    };

    template <class Work>
    static __device__ __forceinline__ void run(const Work& work, int tokens, int columns, bool whole, int room) {
        extern __shared__ __align__(128) u8 shared[];
        Shared s(shared, room);
        int slice = threadIdx.x / WARP % SLICES * UNIT; // the warp's first group
        int groups = Q::groups(columns);
        int steps = (groups + STEP - 1) / STEP;
        Ahead<Work> ahead(work, columns, steps);
#pragma unroll
        for (int i = 0; i < STAGES - 1; i++) ahead.copyNext(s.unit(i)); // under way while the input is computed and staged
        afterEarlierKernels();
        int staged = whole ? steps * STEP : room / tokens / STEP * STEP;
        int stage = 0;
        for (int round = 0, all = work.rounds(); round < all; round++) {
            UpPart part;
            bool present = work.locate(round, part);
            float sum[2][TILES][2];
#pragma unroll
            for (int i = 0; i < 2 * TILES * 2; i++) (&sum[0][0][0])[i] = 0;
            for (int from = 0; from < groups; from += staged) {
                if (!whole || round == 0) {
                    if (round + from > 0) __syncthreads();
                    stageInputs(s, work, tokens, columns, from, staged);
                    __syncthreads();
                }
                int end = min(staged, steps * STEP - from);
                for (int at = slice; at < end; at += STEP) {
                    if (STAGES > 1) {
                        copiesDone<(STAGES > 1 ? STAGES - 2 : 0)>();
                        __syncwarp(); // the copies of all lanes are there, and all have done with the oldest
                        ahead.copyNext(s.unit(stage == 0 ? STAGES - 1 : stage - 1));
                    } else {
                        __syncwarp();
                        ahead.copyNext(s.unit(0));
                        copiesDone<0>();
                        __syncwarp();
                    }
                    if (present) add(sum, s.unit(stage), s, at, groups - from - at, tokens);
                    stage = stage + 1 == STAGES ? 0 : stage + 1;
                }
            }
            if (!whole) __syncthreads(); // all have read the input
            float* sums = whole ? s.sums + round % 2 * (WARPS * ROWS) * tokens : (float*)s.x;
            share(sums, sum, tokens);
            __syncthreads();
            work.finish(part, present, sums, tokens);
        }
        copiesDone<0>();
    }

    // Sums of all slices: [warp][token][row].
    static __device__ __forceinline__ void share(float* sums, const float (&sum)[2][TILES][2], int tokens) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
#pragma unroll
        for (int m = 0; m < 2; m++) {
#pragma unroll
            for (int n = 0; n < TILES; n++) {
#pragma unroll
                for (int r = 0; r < 2; r++) {
                    int token = n * 4 + lane % 4;
                    if (token < tokens) sums[(warp * tokens + token) * ROWS + m * 16 + r * 8 + lane / 4] = sum[m][n][r];
                }
            }
        }
    }
};

// Grid: as many blocks as are worth it. tokens <= TOKENS. Dynamic shared memory, `whole` and `room`: see GroupUpMemory.
#define UP_GROUPS(TOKENS)                                                                                                       \
    KERNEL_OF(groupup_##TOKENS, THREADS, UP_BLOCKS)(                                                                           \
        const float* in, int tokens, int columns, int activation, int whole, int room, const __grid_constant__ UpGroup group) { \
        typedef UpGroups<TYPE, Operands<BITS>, TOKENS / 4> Up;                                                                 \
        Up::run(Up::Projections{group, in, columns, activation}, tokens, columns, whole, room);                                \
    }
#define UP_BLOCKS 2
UP_GROUPS(4)
UP_GROUPS(8)
UP_GROUPS(16)

// out[slot][n] = weight * activation(in[row] . gate[n]) * (in[row] . up[n]) for the rows of all tasks. Grid: (neurons / 32, tasks).
KERNEL_OF(groupup_experts, THREADS, UP_BLOCKS)(
    const float* in, float* out, int slots, int columns, int neurons, int activation, int whole, int room,
    const __grid_constant__ ExpertTasks tasks) {
    typedef UpGroups<TYPE, Operands<BITS>, 1> Up;
    const ExpertTask& task = tasks.task[blockIdx.y];
    Up::run(Up::Neurons{task, in, out, slots, columns, neurons, activation}, task.rows, columns, whole, room);
}
