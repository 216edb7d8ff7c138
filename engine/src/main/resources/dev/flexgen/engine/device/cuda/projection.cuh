// What the projections of a few tokens have in common, whatever the encoding of the weights. Behind common.cuh.
#ifndef FLEXGEN_PROJECTION
#define FLEXGEN_PROJECTION

#define THREADS 256
#define WARPS 8

// ----------------------------------------------------------------------------------------------------------------- up

struct UpGroup {
    const void* weight[3];
    const float* bias[3]; // or null
    float* out[3];
    int rows[3];
    int count;
};

struct UpPart {
    const void* weight;
    const float* bias;
    float* out;
    int rows;
    int row; // the first that is ours
};

// Which matrix the tile of `tileRows` rows number `tile` belongs to. False past the last one.
__device__ __forceinline__ bool locate(const UpGroup& group, int tile, int tileRows, UpPart& part) {
#pragma unroll
    for (int i = 0; i < 3; i++) {
        if (i >= group.count) return false;
        int tiles = (group.rows[i] + tileRows - 1) / tileRows;
        if (tile < tiles) {
            part = {group.weight[i], group.bias[i], group.out[i], group.rows[i], tile * tileRows};
            return true;
        }
        tile -= tiles;
    }
    return false;
}

__device__ __forceinline__ void store(const UpPart& part, int row, int token, float sum, int activation) {
    if (part.bias) sum += part.bias[row];
    part.out[(size_t)token * part.rows + row] = activated(activation, sum);
}

// ------------------------------------------------------------------------------------------------------------ experts

#define EXPERT_TASKS 56
#define EXPERT_ROWS 4

// What some rows of a step want of an expert. A slot is a row's place for what one of its experts does: row * slots + number.
struct ExpertTask {
    const u8* gate;
    const u8* up;
    const u8* down;
    int slot[EXPERT_ROWS];
    float weight[EXPERT_ROWS]; // of the results
    int rows;                  // at most EXPERT_ROWS
};

struct ExpertTasks {
    ExpertTask task[EXPERT_TASKS];
};

// --------------------------------------------------------------------------------------------------------------- down

// The sums of a tile of columns over ranges of rows, [range][token][column], in groups whose sums are then added up: at a token a
// step this is a good part of the time. `sums`: shared, 4 * TILE numbers. `width`: columns, rounded up to a multiple of 4.
template <int TILE>
__device__ __forceinline__ void addRanges(float* sums, float* out, const float* partial, int tokens, int columns, int width) {
    const int ACROSS = TILE / 4;
    const int GROUPS = 4; // whatever TILE is
    const int DEEP = 9;   // with which 33 ranges, of two or four blocks a multiprocessor of an H100 or H200, are one go
    int tile = blockIdx.x * TILE;
    for (int t = 0; t < tokens; t++) {
        for (int i = threadIdx.x; i < ACROSS * GROUPS; i += THREADS) {
            int piece = i % ACROSS * 4;
            int group = i / ACROSS;
            float4 total = make_float4(0, 0, 0, 0);
            for (int r0 = group; r0 < gridDim.y; r0 += DEEP * GROUPS) {
                float4 v[DEEP]; // all loads before the first sum, also where there are fewer
#pragma unroll
                for (int d = 0; d < DEEP; d++) {
                    int r = r0 + d * GROUPS;
                    bool present = tile + piece < columns && r < gridDim.y;
                    const float* from = partial + ((size_t)(present ? r : 0) * tokens + t) * width + (present ? tile + piece : 0);
                    v[d] = __ldcg((const float4*)from);
                    if (!present) v[d] = make_float4(0, 0, 0, 0);
                }
#pragma unroll
                for (int d = 0; d < DEEP; d++) total.x += v[d].x, total.y += v[d].y, total.z += v[d].z, total.w += v[d].w;
            }
            *(float4*)(sums + group * TILE + piece) = total;
        }
        __syncthreads();
        for (int c = threadIdx.x; c < TILE && tile + c < columns; c += THREADS) {
            float* o = out + (size_t)t * columns + tile + c;
            float sum = *o;
#pragma unroll
            for (int g = 0; g < GROUPS; g++) sum += sums[g * TILE + c];
            *o = sum;
        }
        __syncthreads();
    }
}

#endif
