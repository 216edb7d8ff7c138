// What checks and timings share: kernels by name, arrays on both sides, comparison.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <set>
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
static uint32_t* beyond; // what kernels set that met a number out of F16's range

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

struct KvPart {
    int row, rows, position, block, span, partial, counter, earlier;
};

struct Kv {
    const void* keys[64];
    const void* values[64];
    const void* table;
    long long keyShift, valueShift;
    int heads, headDim, blockTokens, count;
    KvPart parts[32];
};

static int ceilDiv(int a, int b) { return (a + b - 1) / b; }
