// One decoded token of OPT-6.7B, kernel after kernel as the engine starts them: with and without beginning early, and without
// some of them, to see what each costs in the row rather than alone.
#pragma once

#include "timings.cuh"

static bool early = true;

template <class... A> static void launchEarly(const string& name, dim3 grid, int threads, int shared, A... arguments) {
    void* pointers[] = {(void*)&arguments...};
    cudaLaunchConfig_t config = {grid, dim3(threads), (size_t)shared, 0};
    cudaLaunchAttribute attribute;
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = early;
    config.attrs = &attribute, config.numAttrs = 1;
    CHECK(cudaLaunchKernelExC(&config, (const void*)kernel(name), pointers));
}

struct Chain {
    static const int LAYERS = 32, E = 4096, F = 16384, V = 50272, HEADS = 32, DIM = 128;
    int processors, past = 544;
    uint8_t *weights, *cache;
    float *x, *h, *a, *vectors, *logits;
    std::set<string> without;
    int fetched = 1; // down projections after attention fetch early
    int attendBlocks = 8, leastSpan = 32, downBlocks = 4, normThreads = 512;
    bool tensor = true;

    size_t layerBytes() const { return 2ull * (4ull * E * E + 2ull * E * F); }
    size_t kvBlock() const { return (size_t)HEADS * 64 * DIM * 2; }

    Chain() {
        CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
        size_t bytes = LAYERS * layerBytes() + 2ull * V * E, kv = LAYERS * 20 * kvBlock();
        CHECK(cudaMalloc(&weights, bytes));
        CHECK(cudaMalloc(&cache, kv));
        randomHalves<<<4096, 256>>>((uint16_t*)weights, bytes / 2, F16);
        randomHalves<<<4096, 256>>>((uint16_t*)cache, kv / 2, F16);
        for (float** p : {&x, &h, &a, &vectors, &logits}) {
            CHECK(cudaMalloc(p, 1 << 20));
            CHECK(cudaMemset(*p, 0, 1 << 20));
        }
        vector<float> small(F, 0.01f);
        for (int i = 0; i < F; i++) small[i] = (i * 7919 % 1000 - 500) * 1e-4f;
        CHECK(cudaMemcpy(vectors, small.data(), 4 * F, cudaMemcpyHostToDevice));
        CHECK(cudaMemcpy(x, small.data(), 4 * E, cudaMemcpyHostToDevice));
    }

    bool on(const string& what) const { return !without.count(what); }

    void norm(float* added) { launchEarly("rows_norm_f32", 1, normThreads, 0, x, added, vectors, vectors, h, E, 1e-5f, 1, 1); }

    void up(const uint8_t* w, int rows, int columns, int count, float* in, float* out, int activation) {
        UpGroup g = {};
        g.count = count;
        for (int n = 0; n < count; n++) g.weight[n] = w + (size_t)n * rows * columns * 2, g.bias[n] = vectors, g.out[n] = out + n * rows, g.rows[n] = rows;
        if (!tensor) {
            launchEarly("up_1_f16", ceilDiv(rows * count, 16), 256, 0, in, 1, columns, activation, g);
            return;
        }
        launchEarly("up_tensor_8_f16", ceilDiv(rows, 64) * count, 256, 0, in, 1, columns, activation, g, beyond);
    }

    void down(const uint8_t* w, int rows, int columns, const float* in, bool dense) {
        int tiles = ceilDiv(columns, 256), range = std::max(64, ceilDiv(rows, downBlocks * processors / tiles)), ranges = ceilDiv(rows, range);
        int early = dense ? (int)std::min<size_t>(range, (24 << 20) / (2ull * columns * ranges)) : 0;
        launchEarly("down_1_f16", dim3(tiles, ranges), 256, 0, w, in, x, partials, counters, 1, rows, columns, range, early);
    }

    void attend(int layer) {
        Kv kv = {};
        int blocks = ceilDiv(past + 1, 64);
        for (int b = 0; b < blocks; b++) {
            kv.keys[b] = cache + ((size_t)layer * 20 + 2 * b) * kvBlock();
            kv.values[b] = cache + ((size_t)layer * 20 + 2 * b + 1) * kvBlock();
        }
        kv.heads = HEADS, kv.headDim = DIM, kv.blockTokens = 64, kv.count = 1;
        int end = ceilDiv(past + 1, 512) * 512, wanted = ceilDiv(attendBlocks * processors, HEADS);
        int span = std::max(leastSpan, ceilDiv(ceilDiv(end, wanted), 16) * 16), spans = ceilDiv(past + 1, span);
        kv.parts[0] = {0, 1, past, 0, span, 0, 0, 0};
        launchEarly("attend_1_f16", dim3(spans, HEADS), 128, 4 * (DIM + std::max(span, spans) + 128 * 8), a, a + E, a + 2 * E, h, partials, counters, 1, 0, 0.088f, kv);
    }

    void token() {
        for (int layer = 0; layer < LAYERS; layer++) {
            const uint8_t* w = weights + layer * layerBytes();
            if (on("norm")) norm(vectors);
            if (on("qkv")) up(w, E, E, 3, h, a, 0);
            if (on("attend")) attend(layer);
            if (on("o")) down(w + 6ull * E * E, E, E, h, fetched);
            if (on("norm")) norm(vectors);
            if (on("fc1")) up(w + 8ull * E * E, F, E, 1, h, a, 1);
            if (on("fc2")) down(w + 8ull * E * E + 2ull * E * F, F, E, a, false);
        }
        if (on("norm")) norm(nullptr);
        if (on("head")) up(weights + LAYERS * layerBytes(), V, E, 1, h, logits, 0);
    }

    void report(const string& what) {
        double us = microseconds(5, [&](int) { token(); });
        printf("%-40s %8.1f us a token\n", what.c_str(), us);
    }

    void time() {
        for (bool b : {false, true}) {
            early = b;
            string s = b ? "early, " : "plain, ";
            report(s + "all");
            for (string kind : {"norm", "qkv", "attend", "o", "fc1", "fc2", "head"}) {
                without = {kind};
                report(s + "without " + kind);
            }
            without = {"norm", "attend"};
            report(s + "without norm, attend");
            without.clear();
        }
        fetched = 0;
        report("early, o not fetched");
        fetched = 1;
        for (int blocks : {2, 3, 6, 8}) {
            downBlocks = blocks;
            report("early, down with blocks " + std::to_string(blocks));
        }
        downBlocks = 4;
        normThreads = 1024;
        report("early, norm with 1024 threads");
        normThreads = 512;
        tensor = false;
        report("early, up on ordinary cores");
        tensor = true;
        auto start = std::chrono::steady_clock::now();
        token();
        double host = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() * 1e6;
        CHECK(cudaDeviceSynchronize());
        printf("asked for in %.0f us\n", host);
    }
};

static void timeChain() {
    Chain chain;
    size_t pool = 2ull << 30;
    double copy = microseconds(4, [&](int) { CHECK(cudaMemcpyAsync(chain.weights, chain.weights + 2 * pool, pool, cudaMemcpyDeviceToDevice)); });
    double bytes = Chain::LAYERS * chain.layerBytes() + 2ull * Chain::V * Chain::E;
    printf("copy %.0f GB/s; all weights at that rate: %.0f us\n", 2. * pool / copy * 1e-3, bytes / (2. * pool / copy));
    chain.time();
}
