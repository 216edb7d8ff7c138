package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.base.EngineException;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** NVIDIA's run-time compiler: source text in, machine code for one GPU out. */
final class Nvrtc {

    private Nvrtc() {}

    /** What decides, beside source and options, what the compiler makes. */
    static String version() {
        int[] major = new int[1];
        int[] minor = new int[1];
        check("nvrtcVersion", nvrtc.nvrtcVersion(major, minor));
        return "NVRTC " + major[0] + "." + minor[0];
    }

    /** The options for a GPU: machine code, since an older driver would refuse a newer compiler's PTX. */
    static String[] options(int computeCapability) {
        return new String[] {"--gpu-architecture=sm_" + computeCapability, "--std=c++17"};
    }

    /**
     * Compiles.
     *
     * @param name for messages
     * @throws EngineException of kind DEVICE with the compiler's words
     */
    static byte[] compile(String name, String source, String... options) {
        _nvrtcProgram program = new _nvrtcProgram();
        try (BytePointer text = new BytePointer(source);
                BytePointer file = new BytePointer(name);
                PointerPointer<BytePointer> arguments = new PointerPointer<>(options);
                SizeTPointer size = new SizeTPointer(1)) {
            check(
                    "nvrtcCreateProgram",
                    nvrtc.nvrtcCreateProgram(
                            program, text, file, 0, (PointerPointer<?>) null, (PointerPointer<?>) null));
            int code = nvrtc.nvrtcCompileProgram(program, options.length, arguments);
            if (code != nvrtc.NVRTC_SUCCESS) {
                throw new EngineException(
                        EngineException.Kind.DEVICE,
                        "The GPU's kernels in " + name + " could not be compiled for " + options[0] + " by " + version()
                                + ": " + log(program, size) + "; use --device cpu and report this",
                        null);
            }
            check("nvrtcGetCUBINSize", nvrtc.nvrtcGetCUBINSize(program, size));
            byte[] cubin = new byte[Math.toIntExact(size.get())];
            try (BytePointer target = new BytePointer(cubin.length)) {
                check("nvrtcGetCUBIN", nvrtc.nvrtcGetCUBIN(program, target));
                target.get(cubin);
            }
            return cubin;
        } finally {
            nvrtc.nvrtcDestroyProgram(program);
        }
    }

    private static String log(_nvrtcProgram program, SizeTPointer size) {
        if (nvrtc.nvrtcGetProgramLogSize(program, size) != nvrtc.NVRTC_SUCCESS) {
            return "no reason given";
        }
        try (BytePointer log = new BytePointer(size.get())) {
            return nvrtc.nvrtcGetProgramLog(program, log) == nvrtc.NVRTC_SUCCESS
                    ? log.getString().strip()
                    : "no reason given";
        }
    }

    private static void check(String call, int code) {
        if (code != nvrtc.NVRTC_SUCCESS) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    call + " failed: " + nvrtc.nvrtcGetErrorString(code).getString()
                            + "; check the installed CUDA toolkit, or use --device cpu",
                    null);
        }
    }
}
