package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;

/** Prints what this machine's GPU costs before it computes anything: bytes of overhead, and times of calls. */
final class CudaFigures {

    private static final long MIB = 1 << 20;

    private final Ledger ledger = new Ledger();

    private CudaFigures() {}

    public static void main(String[] arguments) {
        new CudaFigures().run();
        fault();
        MemoryFigures figures = new MemoryFigures(0);
        print("in use after close", figures.used().orElse(-1) / (double) MIB, "MiB");
    }

    private void run() {
        MemoryFigures figures = new MemoryFigures(0);
        long start = System.nanoTime();
        GpuSource source = TestGpus.source();
        source.find();
        print("detection, twice", since(start), "ms");
        print("in use before", figures.used().orElse(-1) / (double) MIB, "MiB");
        long before = figures.used().orElse(0);
        start = System.nanoTime();
        try (CudaDevice device = (CudaDevice) TestGpus.open(ledger)) {
            print("opening", since(start), "ms");
            System.out.println(device.name() + "\n" + ledger.report());
            print("held, by the ledger", ledger.bytes(Tier.GPU) / (double) MIB, "MiB");
            print("held, by the driver", (figures.used().orElse(0) - before) / (double) MIB, "MiB");
            kernels(device);
            print("held, by the driver", (figures.used().orElse(0) - before) / (double) MIB, "MiB");
            products(device);
            print("held, by the driver", (figures.used().orElse(0) - before) / (double) MIB, "MiB");
            allocations(device);
            copies(device);
            launches(device);
        }
        print("left by the ledger", (double) ledger.bytes(Tier.GPU), "bytes");
    }

    private static void kernels(CudaDevice device) {
        long free = device.freeBytes();
        for (DType dtype : new DType[] {DType.F16, DType.F32}) {
            Path folder = Path.of(System.getProperty("java.io.tmpdir"), "figures-" + System.nanoTime());
            KernelCode code =
                    KernelCode.forGpu(new CubinCache(folder), device.kernels().computeCapability());
            long start = System.nanoTime();
            for (String file : KernelSource.files(Encoding.of(dtype))) {
                code.of(KernelSource.of(file, dtype));
                print(
                        file + "_" + Encoding.of(dtype).name() + " compiled",
                        since(start),
                        "ms after the first was begun");
            }
        }
        String[] names = {"rows_narrow_f16", "up_1_f16", "up_1_f32", "down_1_f16", "attend_1_f16", "prefill_64_f16"};
        for (String name : names) {
            try {
                device.kernels().kernel(name, 0);
            } catch (RuntimeException e) {
                System.out.println(name + ": " + e.getMessage());
            }
        }
        print("modules", (free - device.freeBytes()) / (double) MIB, "MiB");
    }

    private static void products(CudaDevice device) {
        long free = device.freeBytes();
        int width = 4096;
        try (Buffer weight = device.allocate("weight", 4L * width * width);
                Buffer in = device.allocate("in", 4L * 2048 * width);
                Buffer out = device.allocate("out", 4L * 2048 * width)) {
            for (Encoding encoding : Cublas.ENCODINGS) {
                for (int tokens : new int[] {17, 64, 200, 512, 2048}) {
                    Matrix matrix = new Matrix(
                            encoding, width, width, weight.segment().asSlice(0, encoding.bytes(width, width)));
                    Rows rows = new Rows(in.segment(), tokens, width);
                    Rows result = new Rows(out.segment(), tokens, width);
                    device.ops().up(new Linear(matrix, null), rows, result);
                    device.ops().down(matrix, rows, result);
                }
            }
            device.stream(StreamRole.COMPUTE).join();
        }
        print("taken by products of all types", (free - device.freeBytes()) / (double) MIB, "MiB");
    }

    private static void allocations(Device device) {
        for (int round = 0; round < 2; round++) {
            long begun = System.nanoTime();
            try (Buffer buffer = device.allocateHost("host", 1024 * MIB)) {
                print("page-locked GiB, allocated and zeroed", since(begun), "ms");
                begun = System.nanoTime();
                buffer.segment().fill((byte) 0);
                print("zeroed again", since(begun), "ms");
                begun = System.nanoTime();
            }
            print("freed", since(begun), "ms");
        }
        long start;
        start = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            device.allocate("large", 4 * MIB).close();
        }
        print("4 MiB on the GPU, allocated, zeroed, freed", since(start) / 20 * 1000, "us");
    }

    private static void copies(Device device) {
        Stream stream = device.stream(StreamRole.WEIGHTS_IN);
        try (Buffer host = device.allocateHost("host", 512 * MIB);
                Buffer gpu = device.allocate("gpu", 512 * MIB);
                Arena arena = Arena.ofShared()) {
            for (int round = 0; round < 3; round++) {
                long start = System.nanoTime();
                for (int i = 0; i < 8; i++) {
                    stream.upload(host.segment(), gpu.segment());
                }
                stream.join();
                print("host to GPU", 8 * 512 * MIB / since(start) / 1e6, "GB/s");
            }
            long start = System.nanoTime();
            for (int i = 0; i < 8; i++) {
                stream.download(gpu.segment(), host.segment());
            }
            stream.join();
            print("GPU to host", 8 * 512 * MIB / since(start) / 1e6, "GB/s");
            var pageable = arena.allocate(512 * MIB);
            pageable.fill((byte) 1);
            start = System.nanoTime();
            stream.upload(pageable, gpu.segment());
            stream.join();
            print("pageable host to GPU", 512 * MIB / since(start) / 1e6, "GB/s");
            for (int round = 0; round < 3; round++) {
                start = System.nanoTime();
                for (int i = 0; i < 10_000; i++) {
                    stream.upload(host.segment().asSlice(0, 4096), gpu.segment().asSlice(0, 4096));
                    if (i % 500 == 0) {
                        stream.join();
                    }
                }
                print("4 KiB copy, asked for", since(start) / 10, "us");
            }
        }
    }

    private static void launches(Device device) {
        Stream stream = device.stream(StreamRole.COMPUTE);
        try (Buffer buffer = device.allocate("rows", 2 * MIB);
                var event = device.event()) {
            Rows in = new Rows(buffer.segment().asSlice(0, 4096), 1, 1024);
            Rows out = new Rows(buffer.segment().asSlice(4096, 4096), 1, 1024);
            for (int round = 0; round < 4; round++) {
                long asking = 0;
                long all = System.nanoTime();
                for (int i = 0; i < 20; i++) {
                    long start = System.nanoTime();
                    for (int j = 0; j < 500; j++) {
                        device.ops().add(in, out);
                    }
                    asking += System.nanoTime() - start;
                    stream.join();
                }
                print("launch, asked for", asking / 1e7, "us");
                print("launch, done", since(all) / 10, "us");
            }
            long start = System.nanoTime();
            for (int i = 0; i < 10_000; i++) {
                stream.record(event);
                stream.await(event);
            }
            print("event recorded and awaited", since(start) / 10, "us");
            start = System.nanoTime();
            for (int i = 0; i < 2000; i++) {
                device.ops().add(in, out);
                stream.record(event);
                event.join();
            }
            print("launch and wait", since(start) / 2, "us");
        }
    }

    /** Gives a kernel a wrong address, then tries to open a new device. */
    @SuppressWarnings("restricted") // nothing lies there
    private static void fault() {
        Ledger ledger = new Ledger();
        try (Device device = TestGpus.open(ledger)) {
            var nowhere = MemorySegment.ofAddress(1L << 20).reinterpret(4096);
            try {
                device.ops().add(new Rows(nowhere, 1, 1024), new Rows(nowhere, 1, 1024));
                device.stream(StreamRole.COMPUTE).join();
            } catch (EngineException e) {
                System.out.println(e.getMessage());
            }
        }
        System.out.println("closed after a fault; ledger: '" + ledger.report() + "'");
        try (Device device = TestGpus.open(ledger)) {
            System.out.println("opened again: " + device.name());
        } catch (EngineException e) {
            System.out.println("not opened again: " + e.getMessage());
        }
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) / 1e6;
    }

    private static void print(String what, double value, String unit) {
        System.out.printf(Locale.ROOT, "%s: %.2f %s%n", what, value, unit);
    }
}
