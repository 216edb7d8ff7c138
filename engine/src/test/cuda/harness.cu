// Checks the kernels against sums in double precision over awkward shapes, then times them against what the card copies and
// multiplies. Runs without Java. From the directory of the .cu resources:
//
//   for f in *.cu; do for t in f32 f16 bf16; do nvcc -cubin -arch=sm_90 -std=c++17 -DTYPE=${t^^} -DSUFFIX=$t \
//       -DBITS=$([ $t = f32 ] && echo 32 || echo 16) -o $BUILD/${f%.cu}_$t.cubin $f; done; done
//   nvcc -std=c++17 -O2 -o $BUILD/harness ../../../../../../../test/cuda/harness.cu && $BUILD/harness $BUILD
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#define CHECK(call)                                                                                                             \
    do {                                                                                                                       \
        cudaError_t e = (call);                                                                                                \
        if (e != cudaSuccess) {                                                                                                \
            printf("%s:%d %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(e));                                        \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)

using std::string;
using std::vector;

static string directory;
static std::map<string, cudaKernel_t> kernels;
static std::map<string, cudaLibrary_t> libraries;
static std::mt19937 generator(7);
static int failures = 0, checks = 0;

enum Type { F32, F16, BF16 };
static const char* SUFFIX[] = {"f32", "f16", "bf16"};
static int bytesOf(Type t) { return t == F32 ? 4 : 2; }

static cudaKernel_t kernel(const string& name) {
    auto found = kernels.find(name);
    if (found != kernels.end()) return found->second;
    string file = name.substr(0, name.find('_')) + "_" + name.substr(name.rfind('_') + 1);
    if (!libraries.count(file)) {
        CHECK(cudaLibraryLoadFromFile(
            &libraries[file], (directory + "/" + file + ".cubin").c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
    }
    cudaKernel_t k;
    CHECK(cudaLibraryGetKernel(&k, libraries[file], name.c_str()));
    if (name.find("product") == 0 && name.find("any") == string::npos) {
        CHECK(cudaFuncSetAttribute((const void*)k, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536));
    }
    return kernels[name] = k;
}

template <class... A> static void launch(const string& name, dim3 grid, int threads, int shared, A... arguments) {
    void* pointers[] = {(void*)&arguments...};
    CHECK(cudaLaunchKernel((const void*)kernel(name), grid, dim3(threads), pointers, shared, 0));
}

// ----------------------------------------------------------------------------------------------------------------- memory

static float toFloat(uint16_t h, Type type) {
    uint32_t bits;
    if (type == BF16) {
        bits = (uint32_t)h << 16;
    } else {
        int e = h >> 10 & 31, m = h & 1023;
        float v = e == 0 ? ldexpf(m, -24) : ldexpf(1024 + m, e - 25);
        return h & 0x8000 ? -v : v;
    }
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

static uint16_t fromFloat(float f, Type type) {
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if (type == BF16) return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    float a = fabsf(f);
    int e;
    frexpf(a, &e);
    int shift = e - 11 < -24 ? -24 : e - 11;
    float steps = nearbyintf(ldexpf(a, -shift)); // ties to even
    uint16_t r;
    if (a == 0) {
        r = 0;
    } else {
        float v = ldexpf(steps, shift);
        frexpf(v, &e);
        r = v < ldexpf(1, -14) ? (uint16_t)ldexpf(v, 24) : (uint16_t)(((e + 14) << 10) | ((int)ldexpf(v, 11 - e) & 1023));
    }
    return r | (bits >> 16 & 0x8000);
}

struct Array { // on the host in double, on the device as stored
    vector<double> host;
    void* device = nullptr;
    Type type = F32;
    ~Array() { cudaFree(device); }
    Array(size_t n, Type t, double scale = 1, double zeros = 0) : host(n), type(t) {
        std::normal_distribution<float> normal;
        std::uniform_real_distribution<float> uniform;
        vector<uint8_t> stored(n * bytesOf(t) + 16);
        for (size_t i = 0; i < n; i++) {
            float x = uniform(generator) < zeros ? 0.f : (float)(normal(generator) * scale);
            if (t == F32) {
                memcpy(&stored[4 * i], &x, 4);
            } else {
                uint16_t h = fromFloat(x, t);
                memcpy(&stored[2 * i], &h, 2);
                x = toFloat(h, t);
            }
            host[i] = x;
        }
        CHECK(cudaMalloc(&device, stored.size()));
        CHECK(cudaMemcpy(device, stored.data(), n * bytesOf(t), cudaMemcpyHostToDevice));
    }
    Array(const Array&) = delete;
    vector<double> fetch() const {
        size_t n = host.size();
        vector<uint8_t> stored(n * bytesOf(type));
        CHECK(cudaDeviceSynchronize());
        CHECK(cudaMemcpy(stored.data(), device, stored.size(), cudaMemcpyDeviceToHost));
        vector<double> r(n);
        for (size_t i = 0; i < n; i++) {
            if (type == F32) {
                float f;
                memcpy(&f, &stored[4 * i], 4);
                r[i] = f;
            } else {
                uint16_t h;
                memcpy(&h, &stored[2 * i], 2);
                r[i] = toFloat(h, type);
            }
        }
        return r;
    }
};

static float* partials; // 256 MiB
static uint32_t* counters;

// `exact`: as OpsConformance demands of F32 arithmetic; otherwise relative to the whole result, as 16-bit activations allow.
static void compare(const string& what, const Array& got, const vector<double>& want, int terms, bool exact = true) {
    vector<double> g = got.fetch();
    double worst = 0, difference = 0, norm = 0;
    size_t at = 0;
    for (size_t i = 0; i < want.size(); i++) {
        double d = fabs(g[i] - want[i]);
        double r = exact ? d / (2e-6 * (fabs(want[i]) + sqrt(terms) + 1) + 1e-7 * terms) : 0;
        if (!(d < 1e30)) r = difference = INFINITY;
        if (r > worst) worst = r, at = i;
        difference += d * d;
        norm += want[i] * want[i];
    }
    double relative = sqrt(difference / (norm + 1e-30));
    checks++;
    if (!(exact ? worst <= 1 : relative < 4e-3)) {
        failures++;
        if (failures < 60) {
            printf("FAIL %s: %.3g of the tolerance at %zu (%g for %g), relative %.2e\n", what.c_str(), worst, at, g[at], want[at], relative);
        }
    }
}

struct UpGroup {
    const void* weight[3];
    const float* bias[3];
    float* out[3];
    int rows[3];
    int count;
};

struct alignas(16) Kv {
    const void* keys[64];
    const void* values[64];
    const void* far;
    int heads, headDim, blockTokens, unused;
};

static int ceilDiv(int a, int b) { return (a + b - 1) / b; }

// ----------------------------------------------------------------------------------------------------------------- checks

static void checkUp(Type type, int rows, int columns, int tokens, const string& variant, int tileRows, int perBlock) {
    Array w(rows * columns, type), w2(3 * columns, type), in(tokens * columns, F32), bias(rows, F32);
    Array out(tokens * rows, F32), out2(tokens * 3, F32);
    UpGroup g = {{w.device, w2.device}, {(float*)bias.device, nullptr}, {(float*)out.device, (float*)out2.device}, {rows, 3}, 2};
    int tiles = ceilDiv(rows, tileRows) + ceilDiv(3, tileRows);
    launch("up_" + variant + "_" + SUFFIX[type], ceilDiv(tiles, perBlock), 256, 0, in.device, tokens, columns, 1, g);
    for (int which = 0; which < 2; which++) {
        int n = which ? 3 : rows;
        vector<double> want(tokens * n);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < n; r++) {
                double s = which ? 0 : bias.host[r];
                for (int c = 0; c < columns; c++) s += in.host[t * columns + c] * (which ? w2 : w).host[r * columns + c];
                want[t * n + r] = fmax(s, 0);
            }
        }
        compare("up_" + variant + " " + SUFFIX[type] + " [" + std::to_string(n) + "," + std::to_string(columns) + "] x " + std::to_string(tokens),
            which ? out2 : out, want, columns);
    }
}

static vector<double> downReference(const Array& w, const Array& in, const Array& out, int rows, int columns, int tokens) {
    vector<double> want = out.host;
    for (int t = 0; t < tokens; t++) {
        for (int n = 0; n < rows; n++) {
            for (int c = 0; c < columns; c++) want[t * columns + c] += in.host[t * rows + n] * w.host[n * columns + c];
        }
    }
    return want;
}

static void checkDown(Type type, int rows, int columns, int tokens, int most, double zeros, int ranges) {
    Array w(rows * columns, type), in(tokens * rows, F32, 1, zeros), out(tokens * columns, F32);
    string name = "down_" + (most ? std::to_string(most) : "any") + "_" + SUFFIX[type];
    if (most) {
        int tile = 32 * (most <= 4 ? 16 / bytesOf(type) : 4);
        int range = ceilDiv(rows, ranges);
        launch(name, dim3(ceilDiv(columns, tile), ceilDiv(rows, range)), 256, 0, w.device, in.device, out.device, partials, counters, tokens, rows, columns, range);
    } else {
        launch(name, dim3(ceilDiv(columns, 256), ceilDiv(tokens, 4)), 256, 0, w.device, in.device, out.device, tokens, rows, columns);
    }
    compare(name + " [" + std::to_string(rows) + "," + std::to_string(columns) + "] x " + std::to_string(tokens) + " zeros " + std::to_string(zeros) + " ranges " + std::to_string(ranges),
        out, downReference(w, in, out, rows, columns, tokens), rows);
}

static void checkProduct(Type type, bool up, int outputs, int inputs, int tokens, int tile, int ranges) {
    Array w((size_t)outputs * inputs, type), in(tokens * inputs, F32), bias(outputs, F32), out(tokens * outputs, F32), narrow(tokens * inputs, F16);
    string name = string("product_") + (up ? "up_" : "down_") + (tile ? std::to_string(tile) : "any") + "_" + SUFFIX[type];
    if (tile) {
        launch(string("rows_narrow_") + SUFFIX[type], 32, 256, 0, in.device, narrow.device, (long long)tokens * inputs, 1);
        int range = ceilDiv(ceilDiv(inputs, ranges), 32) * 32;
        launch(name, dim3(ceilDiv(tokens, tile), ceilDiv(outputs, 128), ceilDiv(inputs, range)), 128, 4 * (tile + 128) * 64, narrow.device, w.device,
            bias.device, out.device, partials, counters, tokens, outputs, inputs, range, 0);
    } else {
        launch(name, dim3(ceilDiv(tokens, 64), ceilDiv(outputs, 64)), 256, 0, in.device, w.device, bias.device, out.device, tokens, outputs, inputs, 0);
    }
    vector<double> want = out.host;
    for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < outputs; r++) {
            double s = up ? bias.host[r] : want[t * outputs + r];
            for (int k = 0; k < inputs; k++) s += in.host[t * inputs + k] * w.host[up ? (size_t)r * inputs + k : (size_t)k * outputs + r];
            want[t * outputs + r] = s;
        }
    }
    compare(name + " " + std::to_string(outputs) + "<-" + std::to_string(inputs) + " x " + std::to_string(tokens) + " ranges " + std::to_string(ranges),
        out, want, inputs, tile == 0);
}

static void checkAttention(Type type, int heads, int group, int dim, int blockTokens, int tokens, int past, const string& variant, int span) {
    int length = past + tokens, blocks = ceilDiv(length, blockTokens);
    size_t blockNumbers = (size_t)heads * blockTokens * dim;
    size_t padded = (blockNumbers + 127) / 128 * 128;
    Array keys((size_t)length * heads * dim, F32), values((size_t)length * heads * dim, F32);
    Array keyBlocks(padded * blocks, type), valueBlocks(padded * blocks, type); // random, to be overwritten
    Array query(tokens * heads * group * dim, F32), out(tokens * heads * group * dim, F32);
    Kv kv = {};
    vector<uint64_t> table(2 * blocks);
    for (int b = 0; b < blocks; b++) {
        const char* k = (char*)keyBlocks.device + b * padded * bytesOf(type);
        const char* v = (char*)valueBlocks.device + b * padded * bytesOf(type);
        if (b < 64) kv.keys[b] = k, kv.values[b] = v;
        table[2 * b] = (uint64_t)k, table[2 * b + 1] = (uint64_t)v;
    }
    void* far;
    CHECK(cudaMalloc(&far, table.size() * 8));
    struct { uint64_t entry[400]; } entries;
    for (size_t from = 0; from < table.size(); from += 400) {
        int count = std::min<size_t>(400, table.size() - from);
        memcpy(entries.entry, &table[from], count * 8);
        launch("rows_table_f32", 1, 256, 0, far, (int)from, count, entries);
    }
    kv.far = far, kv.heads = heads, kv.headDim = dim, kv.blockTokens = blockTokens;
    launch(string("rows_append_") + SUFFIX[type], dim3(ceilDiv(heads * dim, 256), length), 256, 0, keys.device, values.device, 0, kv);
    vector<double> k(keys.host.size()), v(values.host.size());
    vector<double> kb = keyBlocks.fetch(), vb = valueBlocks.fetch();
    bool rounded = true;
    for (int p = 0; p < length; p++) {
        for (int i = 0; i < heads * dim; i++) {
            size_t at = (size_t)(p / blockTokens) * padded + ((size_t)(i / dim) * blockTokens + p % blockTokens) * dim + i % dim;
            k[(size_t)p * heads * dim + i] = kb[at];
            v[(size_t)p * heads * dim + i] = vb[at];
            double x = keys.host[(size_t)p * heads * dim + i];
            rounded = rounded && kb[at] == (type == F32 ? x : toFloat(fromFloat(x, type), type));
        }
    }
    checks++;
    if (!rounded && failures++ < 60) printf("FAIL append %s\n", SUFFIX[type]);
    float scale = 0.3f;
    string name = variant + "_" + SUFFIX[type];
    if (variant.find("prefill") == 0) {
        launch(name, dim3(ceilDiv(tokens, 64), heads * group), 128, 0, query.device, out.device, past, tokens, group, scale * 1.4426950408889634f, kv);
    } else {
        int rows = variant == "attend_1" ? 1 : 4;
        int spans = ceilDiv(length, span), piece = variant == "attend_any" ? 1 : 16 / bytesOf(type);
        int shared = 4 * (rows * (dim + std::max(span, spans)) + 128 * piece);
        launch(name, dim3(spans, heads, ceilDiv(tokens * group, rows)), 128, shared, query.device, out.device, partials, counters, past, tokens, group, span, scale, kv);
    }
    vector<double> want(out.host.size());
    for (int t = 0; t < tokens; t++) {
        for (int h = 0; h < heads * group; h++) {
            int n = past + t + 1;
            vector<double> w(n);
            double most = -1e300, sum = 0;
            for (int j = 0; j < n; j++) {
                for (int d = 0; d < dim; d++) w[j] += query.host[(t * heads * group + h) * dim + d] * k[((size_t)j * heads + h / group) * dim + d];
                w[j] *= scale;
                most = fmax(most, w[j]);
            }
            for (int j = 0; j < n; j++) sum += w[j] = exp(w[j] - most);
            for (int j = 0; j < n; j++) {
                for (int d = 0; d < dim; d++) want[(t * heads * group + h) * dim + d] += w[j] / sum * v[((size_t)j * heads + h / group) * dim + d];
            }
        }
    }
    compare(name + " heads " + std::to_string(heads) + "x" + std::to_string(group) + " dim " + std::to_string(dim) + " block " + std::to_string(blockTokens) + ", " +
            std::to_string(tokens) + " after " + std::to_string(past) + " span " + std::to_string(span), out, want, 64);
    cudaFree(far);
}

static void checkRows() {
    for (int width : {1, 15, 17, 60, 64, 5000}) {
        for (int affine = 0; affine < 2; affine++) {
            Array in(3 * width, F32), w(width, F32), b(width, F32), out(3 * width, F32);
            launch("rows_norm_f32", 3, std::min(1024, std::max(32, ceilDiv(width, 128) * 32)), 0, in.device, affine ? w.device : nullptr,
                affine ? b.device : nullptr, out.device, width, 1e-5f, width % 4 == 0 ? 1 : 0);
            vector<double> want(3 * width);
            for (int t = 0; t < 3; t++) {
                double mean = 0, variance = 0;
                for (int i = 0; i < width; i++) mean += in.host[t * width + i] / width;
                for (int i = 0; i < width; i++) variance += pow(in.host[t * width + i] - mean, 2) / width;
                for (int i = 0; i < width; i++) {
                    double x = (in.host[t * width + i] - mean) / sqrt(variance + 1e-5f);
                    want[t * width + i] = affine ? x * w.host[i] + b.host[i] : x;
                }
            }
            compare("norm " + std::to_string(width), out, want, 16);
            for (int activation = 0; activation < 3; activation++) {
                Array x(3 * width, F32);
                launch("rows_bias_f32", dim3(ceilDiv(width, 256), 3), 256, 0, x.device, b.device, width, activation);
                for (int i = 0; i < 3 * width; i++) {
                    double y = x.host[i] + b.host[i % width];
                    want[i] = activation == 0 ? y : activation == 1 ? fmax(y, 0) : y / 2 * (1 + erf(y / sqrt(2)));
                }
                compare("bias " + std::to_string(width) + " activation " + std::to_string(activation), x, want, 1);
            }
            launch("rows_add_f32", 7, 256, 0, in.device, out.device, 3LL * width, affine);
        }
    }
    for (Type type : {F32, F16, BF16}) {
        Array table(37 * 300, type), out(5 * 300, F32);
        struct { int id[512]; } ids = {{3, 36, 0, 3, 17}};
        launch(string("rows_embed_") + SUFFIX[type], dim3(2, 5), 256, 0, table.device, out.device, 300, 1, ids);
        vector<double> want = out.host;
        for (int i = 0; i < 5 * 300; i++) want[i] += table.host[ids.id[i / 300] * 300 + i % 300];
        compare("embed", out, want, 1);
    }
}

static void checkAll() {
    checkRows();
    for (Type type : {F32, F16, BF16}) {
        int per = 16 / bytesOf(type);
        for (auto shape : vector<vector<int>>{{1, 1}, {5, 3}, {6, 16}, {7, 33}, {60, 152}, {97, 64}, {128, 600}, {33, 2056}, {2051, 40}, {64, 9000}}) {
            for (int tokens : {1, 2, 3, 4, 7, 8, 15, 16}) {
                if (shape[0] * shape[1] > 50000 && tokens != 1 && tokens != 3 && tokens != 8 && tokens != 15) continue;
                int r = shape[0], c = shape[1];
                checkUp(type, r, c, tokens, "any", 1, 8);
                for (double zeros : {0., 0.94, 1.}) checkDown(type, r, c, tokens, 0, zeros, 1);
                if (c % per) continue;
                if (tokens == 1) checkUp(type, r, c, tokens, "1", 2, 8);
                if (tokens <= 4) checkUp(type, r, c, tokens, "4", 4, 8);
                checkUp(type, r, c, tokens, "16", 4, 8);
                if (type != F32 && tokens <= 8) checkUp(type, r, c, tokens, "tensor_8", 64, 1);
                if (type != F32) checkUp(type, r, c, tokens, "tensor_16", 64, 1);
                for (int ranges : {1, 3}) {
                    for (double zeros : {0., 0.94, 1.}) {
                        if (tokens == 1) checkDown(type, r, c, tokens, 1, zeros, ranges);
                        if (tokens <= 4) checkDown(type, r, c, tokens, 4, zeros, ranges);
                        checkDown(type, r, c, tokens, 16, zeros, ranges);
                    }
                }
            }
        }
        for (auto shape : vector<vector<int>>{{8, 8}, {7, 33}, {64, 152}, {200, 96}, {136, 648}, {384, 40}}) {
            for (int tokens : {17, 64, 70, 129}) {
                for (int up = 0; up < 2; up++) {
                    checkProduct(type, up, shape[0], shape[1], tokens, 0, 1);
                    if (type == F32 || shape[0] % 8) continue;
                    for (int ranges : {1, 3}) {
                        checkProduct(type, up, shape[0], shape[1], tokens, 64, ranges);
                        checkProduct(type, up, shape[0], shape[1], tokens, 128, ranges);
                    }
                }
            }
        }
        for (auto shape : vector<vector<int>>{{1, 1, 8}, {3, 1, 12}, {4, 2, 16}, {6, 1, 64}, {2, 2, 80}, {5, 5, 33}, {2, 3, 128}, {1, 2, 256}}) {
            for (int tokens : {1, 3, 16, 33, 70}) {
                for (int past : {0, 5, 64, 130, 500}) {
                    int blockTokens = past < 64 || past == 500 ? 7 : 64, dim = shape[2];
                    if (past == 500 && tokens > 3) continue;
                    for (int span : {16, 600}) {
                        checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "attend_any", span);
                        if (dim % per) continue;
                        if (tokens * shape[1] == 1) checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "attend_1", span);
                        checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "attend_4", span);
                    }
                    if (type != F32 && (dim == 64 || dim == 80 || dim == 128)) {
                        checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "prefill_" + std::to_string(dim), 0);
                    }
                }
            }
        }
    }
    uint32_t left[4096];
    CHECK(cudaMemcpy(left, counters, sizeof left, cudaMemcpyDeviceToHost));
    for (uint32_t c : left) failures += c != 0;
    printf("%d checks, %d failures\n", checks, failures);
}

// ----------------------------------------------------------------------------------------------------------------- timing

static double microseconds(int repeats, const std::function<void(int)>& body) {
    cudaEvent_t a, b;
    CHECK(cudaEventCreate(&a));
    CHECK(cudaEventCreate(&b));
    vector<double> times;
    for (int round = 0; round < 6; round++) {
        CHECK(cudaEventRecord(a));
        for (int i = 0; i < repeats; i++) body(i);
        CHECK(cudaEventRecord(b));
        CHECK(cudaEventSynchronize(b));
        float ms;
        CHECK(cudaEventElapsedTime(&ms, a, b));
        if (round > 0) times.push_back(1000. * ms / repeats);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

__global__ void randomHalves(uint16_t* p, size_t n, Type type) {
    for (size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x) {
        uint32_t x = (uint32_t)i * 2654435761u ^ 0x9e3779b9u;
        x ^= x >> 15, x *= 0x85ebca6bu, x ^= x >> 13;
        p[i] = type == F16 ? (uint16_t)((x & 0x83ff) | 0x2800 | (x >> 3 & 0x0400)) : (uint16_t)((x & 0x807f) | 0x3d00);
    }
}

static double limit; // GB/s

static void report(const string& what, double us, double bytes) {
    printf("%-44s %9.1f us %8.0f GB/s  %5.1f %%\n", what.c_str(), us, bytes / us * 1e-3, bytes / us * 1e-1 / limit);
}

static void timeAll() {
    int processors;
    CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
    size_t pool = 4ull << 30;
    uint8_t *weights, *other;
    CHECK(cudaMalloc(&weights, pool));
    CHECK(cudaMalloc(&other, pool));
    randomHalves<<<1024, 256>>>((uint16_t*)weights, pool / 2, F16);
    double copy = microseconds(4, [&](int) { CHECK(cudaMemcpyAsync(other, weights, pool, cudaMemcpyDeviceToDevice)); });
    limit = 2. * pool / copy * 1e-3;
    printf("copy: %.0f GB/s read and written\n", limit);
    Array in(16 * 49152, F32), out((size_t)16 * 50400, F32), sparse(16384 * 4, F32, 1, 0.94);
    Array wide((size_t)512 * 16384, F32), result((size_t)512 * 16384, F32), narrow((size_t)512 * 16384, F16);

    for (Type type : {F16, BF16}) {
        string s = SUFFIX[type];
        if (type == BF16) randomHalves<<<1024, 256>>>((uint16_t*)weights, pool / 2, BF16);
        for (auto shape : vector<vector<int>>{{4096, 4096, 3}, {16384, 4096, 1}, {50272, 4096, 1}, {7168, 7168, 3}}) {
            int rows = shape[0], columns = shape[1], count = shape[2];
            size_t bytes = (size_t)rows * columns * 2 * count;
            int copies = pool / bytes;
            for (int tokens : {1, 2, 4, 8, 16}) {
                if (rows != 16384 && tokens != 1) continue;
                for (string variant : {"1", "4", "tensor_8", "tensor_16"}) {
                    int most = atoi(variant.c_str() + (variant[0] == 't' ? 7 : 0));
                    if (tokens > most || (type == BF16 && (tokens < 8) != (most < 8))) continue;
                    int tileRows = most == 1 ? 2 : most == 4 ? 4 : 64;
                    int blocks = ceilDiv(ceilDiv(rows, tileRows) * count, variant[0] == 't' ? 1 : 8);
                    double us = microseconds(2 * copies, [&](int i) {
                        UpGroup g = {};
                        g.count = count;
                        for (int n = 0; n < count; n++) {
                            g.weight[n] = weights + (i % copies) * bytes + n * (bytes / count);
                            g.out[n] = (float*)out.device + n * 7168;
                            g.rows[n] = rows;
                        }
                        launch("up_" + variant + "_" + s, blocks, 256, 0, in.device, tokens, columns, 1, g);
                    });
                    report("up_" + variant + " " + s + " " + std::to_string(count) + "x[" + std::to_string(rows) + "," + std::to_string(columns) + "] x " + std::to_string(tokens), us, bytes);
                }
            }
        }
        for (auto shape : vector<vector<int>>{{4096, 4096}, {16384, 4096}, {28672, 7168}}) {
            int rows = shape[0], columns = shape[1];
            size_t bytes = (size_t)rows * columns * 2;
            int copies = pool / bytes;
            for (int tokens : {1, 4, 16}) {
                if (rows != 16384 && tokens != 1) continue;
                for (int dense = 1; dense >= 0; dense--) {
                    if (!dense && tokens > 4) continue;
                    const Array& x = dense ? in : sparse;
                    int active = 0;
                    for (int n = 0; n < std::min(rows, 16384); n++) {
                        bool any = false;
                        for (int t = 0; t < tokens; t++) any = any || x.host[t * rows + n] != 0;
                        active += any;
                    }
                    if (rows > 16384 && !dense) continue;
                    if (dense) active = rows;
                    for (int waves : {4, 8}) {
                        int tiles = ceilDiv(columns, 32 * (tokens <= 4 ? 8 : 4));
                        int range = std::max(64, ceilDiv(rows, std::max(1, waves * processors / tiles)));
                        double us = microseconds(2 * copies, [&](int i) {
                            launch("down_" + std::to_string(tokens) + "_" + s, dim3(tiles, ceilDiv(rows, range)), 256, 0, weights + (i % copies) * bytes, x.device,
                                out.device, partials, counters, tokens, rows, columns, range);
                        });
                        report("down " + s + " [" + std::to_string(rows) + "," + std::to_string(columns) + "] x " + std::to_string(tokens) + " active " + std::to_string(active) +
                                " waves " + std::to_string(waves), us, (double)active * columns * 2);
                    }
                }
            }
        }
        for (auto shape : vector<vector<int>>{{4096, 4096, 1}, {16384, 4096, 1}, {4096, 16384, 0}, {4096, 4096, 0}}) {
            int outputs = shape[0], inputs = shape[1], up = shape[2];
            size_t bytes = (size_t)outputs * inputs * 2;
            int copies = pool / bytes;
            for (int tokens : {32, 128, 512}) {
                if (type == BF16 && tokens != 512) continue;
                for (int tile : {64, 128}) {
                    int across = ceilDiv(outputs, 128), tiles = ceilDiv(tokens, tile) * across;
                    int most = std::max(1, (tile == 128 ? 2 : 3) * processors / tiles);
                    for (int ranges : {1, most}) {
                        if (ranges == 1 && most == 1 && &ranges == nullptr) continue;
                        int range = ceilDiv(ceilDiv(inputs, ranges), 32) * 32;
                        double us = microseconds(16, [&](int i) {
                            launch(string("product_") + (up ? "up_" : "down_") + std::to_string(tile) + "_" + s, dim3(ceilDiv(tokens, tile), across, ceilDiv(inputs, range)), 128,
                                4 * (tile + 128) * 64, narrow.device, weights + (i % copies) * bytes, (void*)nullptr, result.device, partials, counters, tokens,
                                outputs, inputs, range, 0);
                        });
                        printf("product %-4s %s %d<-%d x %d tile %d ranges %d: %.1f us, %.0f TFLOP/s\n", up ? "up" : "down", s.c_str(), outputs, inputs, tokens, tile,
                            ranges, us, 2. * tokens * outputs * inputs / us * 1e-6);
                        if (most == 1) break;
                    }
                }
            }
        }
        double us = microseconds(20, [&](int) {
            launch("rows_narrow_" + s, 16 * processors, 256, 0, wide.device, narrow.device, 512ll * 16384, 1);
        });
        report("narrow " + s + " 512x16384", us, 512. * 16384 * 6);
        for (auto shape : vector<vector<int>>{{32, 128, 512, 0}, {32, 128, 512, 1536}, {32, 64, 512, 0}, {32, 80, 512, 0}, {32, 128, 1, 544}, {32, 128, 1, 2000}, {56, 128, 1, 544}, {32, 128, 4, 544}, {32, 128, 16, 544}}) {
            int heads = shape[0], dim = shape[1], tokens = shape[2], past = shape[3], length = past + tokens, blocks = ceilDiv(length, 64);
            size_t blockBytes = (size_t)heads * 64 * dim * 2, all = 2 * blockBytes * blocks;
            int copies = std::min<size_t>(32, pool / all);
            vector<Kv> kvs(copies);
            for (int c = 0; c < copies; c++) {
                kvs[c] = {};
                for (int b = 0; b < blocks; b++) {
                    kvs[c].keys[b] = weights + c * all + 2 * b * blockBytes;
                    kvs[c].values[b] = weights + c * all + (2 * b + 1) * blockBytes;
                }
                kvs[c].heads = heads, kvs[c].headDim = dim, kvs[c].blockTokens = 64;
            }
            string what = s + " " + std::to_string(heads) + " heads of " + std::to_string(dim) + ", " + std::to_string(tokens) + " after " + std::to_string(past);
            if (tokens > 16) {
                double us = microseconds(2 * copies, [&](int i) {
                    launch("prefill_" + std::to_string(dim) + "_" + s, dim3(ceilDiv(tokens, 64), heads), 128, 0, wide.device, result.device, past, tokens, 1, 0.127f, kvs[i % copies]);
                });
                double flop = 4. * heads * dim * tokens * (past + tokens / 2.);
                printf("prefill %s: %.1f us, %.0f TFLOP/s\n", what.c_str(), us, flop / us * 1e-6);
            } else {
                int rows = tokens == 1 ? 1 : 4, chunks = ceilDiv(tokens, rows);
                for (int waves : {2, 4, 8}) {
                    int span = std::max(32, ceilDiv(length, ceilDiv(waves * processors, heads * chunks)));
                    int spans = ceilDiv(length, span);
                    double us = microseconds(4 * copies, [&](int i) {
                        launch("attend_" + std::to_string(rows) + "_" + s, dim3(spans, heads, chunks), 128, 4 * (rows * (dim + std::max(span, spans)) + 128 * 8), wide.device,
                            result.device, partials, counters, past, tokens, 1, span, 0.088f, kvs[i % copies]);
                    });
                    report("attend " + what + " span " + std::to_string(span), us, 2. * length * heads * dim * 2);
                }
            }
        }
    }
    double us = microseconds(100, [&](int) { launch("rows_norm_f32", 1, 1024, 0, in.device, in.device, in.device, out.device, 4096, 1e-5f, 1); });
    printf("norm 1 x 4096: %.1f us\n", us);
    us = microseconds(100, [&](int) { launch("rows_norm_f32", 512, 1024, 0, wide.device, in.device, in.device, result.device, 4096, 1e-5f, 1); });
    printf("norm 512 x 4096: %.1f us\n", us);
    us = microseconds(100, [&](int) { launch("rows_bias_f32", dim3(64, 512), 256, 0, result.device, in.device, 16384, 1); });
    printf("bias 512 x 16384: %.1f us\n", us);
    us = microseconds(100, [&](int) { launch("rows_add_f32", 16, 256, 0, in.device, out.device, 4096ll, 1); });
    printf("add 1 x 4096: %.1f us\n", us);
}

int main(int count, char** arguments) {
    directory = count > 1 ? arguments[1] : ".";
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0));
    printf("%s, %d multiprocessors\n", properties.name, properties.multiProcessorCount);
    CHECK(cudaMalloc(&partials, 256 << 20));
    CHECK(cudaMalloc(&counters, 65536));
    CHECK(cudaMemset(counters, 0, 65536));
    if (count < 3 || strcmp(arguments[2], "time")) checkAll();
    if (count < 3 || strcmp(arguments[2], "check")) timeAll();
    CHECK(cudaDeviceSynchronize());
    return failures != 0;
}
