package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.base.EngineException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.bytedeco.javacpp.Loader;

/**
 * NVIDIA's run-time compiler: source text in, machine code for one GPU out. Called directly rather than through JavaCPP, whose
 * side of it needs the driver's library: a machine that builds a release has none. Any thread.
 */
final class Nvrtc {

    private static final String LIBRARY = "libnvrtc.so.13";

    private static final int SUCCESS = 0;

    private final MethodHandle version;
    private final MethodHandle createProgram;
    private final MethodHandle compileProgram;
    private final MethodHandle destroyProgram;
    private final MethodHandle codeSize;
    private final MethodHandle code;
    private final MethodHandle logSize;
    private final MethodHandle log;
    private final MethodHandle errorString;

    private Nvrtc(SymbolLookup library) {
        var pointer = ValueLayout.ADDRESS;
        var number = ValueLayout.JAVA_INT;
        this.version = handle(library, "nvrtcVersion", pointer, pointer);
        this.createProgram = handle(library, "nvrtcCreateProgram", pointer, pointer, pointer, number, pointer, pointer);
        this.compileProgram = handle(library, "nvrtcCompileProgram", pointer, number, pointer);
        this.destroyProgram = handle(library, "nvrtcDestroyProgram", pointer);
        this.codeSize = handle(library, "nvrtcGetCUBINSize", pointer, pointer);
        this.code = handle(library, "nvrtcGetCUBIN", pointer, pointer);
        this.logSize = handle(library, "nvrtcGetProgramLogSize", pointer, pointer);
        this.log = handle(library, "nvrtcGetProgramLog", pointer, pointer);
        this.errorString = bind(library, "nvrtcGetErrorString", FunctionDescriptor.of(pointer, number));
    }

    private static MethodHandle handle(SymbolLookup library, String name, MemoryLayout... arguments) {
        return bind(library, name, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }

    @SuppressWarnings("restricted") // signatures as in nvrtc.h
    private static MethodHandle bind(SymbolLookup library, String name, FunctionDescriptor signature) {
        return Linker.nativeLinker()
                .downcallHandle(library.find(name).orElseThrow(() -> missing(name + " is not in it")), signature);
    }

    /**
     * Loads the library from the class path, a toolkit, or where the system's loader finds it.
     *
     * @throws EngineException of kind DEVICE if there is none
     */
    static Nvrtc load(CudaLibraries libraries) {
        if (NativeProbe.bundled("nvrtc.so.13")) {
            Loader.load(org.bytedeco.cuda.global.nvrtc.class);
        } else {
            libraries.load("libnvrtc-builtins.so.13", LIBRARY);
        }
        return loaded();
    }

    /**
     * The library that {@link #load} has loaded, else the one of the system's loader.
     *
     * @throws EngineException of kind DEVICE if there is none
     */
    @SuppressWarnings("restricted") // NVIDIA's library, which the user has installed
    static Nvrtc loaded() {
        SymbolLookup mine = SymbolLookup.loaderLookup();
        if (mine.find("nvrtcVersion").isPresent()) {
            return new Nvrtc(mine);
        }
        try {
            return new Nvrtc(SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
        } catch (IllegalArgumentException e) {
            throw missing("cannot open shared object file");
        }
    }

    private static EngineException missing(String what) {
        return new EngineException(EngineException.Kind.DEVICE, LIBRARY + ": " + what, null);
    }

    /** The options for a GPU: machine code, since an older driver would refuse a newer compiler's PTX. */
    static String[] options(int computeCapability) {
        return new String[] {"--gpu-architecture=sm_" + computeCapability, "--std=c++17"};
    }

    /** What decides, beside source and options, what the compiler makes. */
    String version() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate(ValueLayout.JAVA_INT, 2);
            check("nvrtcVersion", call(version, numbers, numbers.asSlice(Integer.BYTES)));
            return "NVRTC " + numbers.getAtIndex(ValueLayout.JAVA_INT, 0) + "."
                    + numbers.getAtIndex(ValueLayout.JAVA_INT, 1);
        }
    }

    /**
     * Compiles.
     *
     * @param name for messages
     * @throws EngineException of kind DEVICE with the compiler's words
     */
    byte[] compile(String name, String source, String... options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
            check(
                    "nvrtcCreateProgram",
                    call(
                            createProgram,
                            handle,
                            arena.allocateFrom(source),
                            arena.allocateFrom(name),
                            0,
                            MemorySegment.NULL,
                            MemorySegment.NULL));
            try {
                return compile(handle.get(ValueLayout.ADDRESS, 0), name, arena, options);
            } finally {
                call(destroyProgram, handle);
            }
        }
    }

    private byte[] compile(MemorySegment program, String name, Arena arena, String... options) {
        MemorySegment list = arena.allocate(ValueLayout.ADDRESS, options.length);
        for (int i = 0; i < options.length; i++) {
            list.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(options[i]));
        }
        if (call(compileProgram, program, options.length, list) != SUCCESS) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "The GPU's kernels in " + name + " could not be compiled for " + options[0] + " by " + version()
                            + ": " + words(program, arena) + "; use --device cpu and report this",
                    null);
        }
        MemorySegment bytes = filled("nvrtcGetCUBIN", codeSize, code, program, arena);
        return bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    private String words(MemorySegment program, Arena arena) {
        return filled("nvrtcGetProgramLog", logSize, log, program, arena)
                .getString(0)
                .strip();
    }

    private MemorySegment filled(
            String call, MethodHandle size, MethodHandle fill, MemorySegment program, Arena arena) {
        MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
        check(call + "Size", call(size, program, bytes));
        MemorySegment target = arena.allocate(Math.max(1, bytes.get(ValueLayout.JAVA_LONG, 0)));
        check(call, call(fill, program, target));
        return target;
    }

    private static int call(MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // C functions throw nothing
        }
    }

    private void check(String call, int code) {
        if (code != SUCCESS) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    call + " failed: " + describe(code) + "; check the installed CUDA toolkit, or use --device cpu",
                    null);
        }
    }

    @SuppressWarnings("restricted") // a constant text of the library's
    private String describe(int code) {
        try {
            MemorySegment text = (MemorySegment) errorString.invokeExact(code);
            return text.reinterpret(256).getString(0);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // C functions throw nothing
        }
    }
}
