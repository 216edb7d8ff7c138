package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;

/**
 * NVIDIA's matrix products, where the library is installed. cuBLAS counts columns first: a row-major matrix is to it the
 * transposed one, and the roles of left and right are exchanged. Owned by the thread that owns the device.
 */
final class Cublas implements MatrixProduct {

    /** What the library multiplies with; weights of other encodings have to be decoded first. */
    static final List<Encoding> ENCODINGS = List.of(Encoding.F32, Encoding.F16, Encoding.BF16);

    private final Driver driver;
    private final cublasContext handle;
    private final CudaStream stream;
    private final Buffer workspace;
    private final Address a = new Address();
    private final Address b = new Address();
    private final Address c = new Address();
    private final FloatPointer one = new FloatPointer(1f);
    private final FloatPointer zero = new FloatPointer(0f);

    private Cublas(Driver driver, cublasContext handle, CudaStream stream, Buffer workspace) {
        this.driver = driver;
        this.stream = stream;
        this.handle = handle;
        this.workspace = workspace;
    }

    /**
     * The library on {@code stream}, or nothing where it is not installed.
     *
     * @param workspace closed with it
     */
    static Optional<Cublas> open(Driver driver, CudaStream stream, Buffer workspace) {
        cublasContext handle = new cublasContext();
        try {
            driver.use();
            if (cublas.cublasCreate_v2(handle) != cublas.CUBLAS_STATUS_SUCCESS) {
                workspace.close();
                return Optional.empty();
            }
        } catch (LinkageError absent) {
            workspace.close();
            return Optional.empty();
        }
        Cublas opened = new Cublas(driver, handle, stream, workspace);
        try {
            opened.prepare();
        } catch (Throwable e) {
            opened.close();
            throw e;
        }
        return Optional.of(opened);
    }

    private void prepare() {
        check("cublasSetStream", cublas.cublasSetStream_v2(handle, stream.handle()));
        MemorySegment memory = workspace.segment();
        check("cublasSetWorkspace", cublas.cublasSetWorkspace_v2(handle, new Address().of(memory), memory.byteSize()));
    }

    @Override
    public void up(MemorySegment in, Matrix weight, Rows out, int first) {
        multiply(cublas.CUBLAS_OP_T, weight.rows(), weight.columns(), weight.columns(), in, weight, out, first, zero);
    }

    @Override
    public void down(MemorySegment in, int width, Matrix weight, Rows out) {
        multiply(cublas.CUBLAS_OP_N, weight.columns(), weight.rows(), width, in, weight, out, 0, one);
    }

    /** {@code out^T = op(weight^T) in^T + beta out^T}, as columns-first matrices. */
    private void multiply(
            int op,
            int outputs,
            int inner,
            int width,
            MemorySegment in,
            Matrix weight,
            Rows out,
            int first,
            FloatPointer beta) {
        driver.use();
        stream.handle(); // its kernels come between ours
        int type = type(weight.dtype());
        int compute = weight.dtype() == DType.F32 ? cublas.CUBLAS_COMPUTE_32F_PEDANTIC : cublas.CUBLAS_COMPUTE_32F;
        check(
                "cublasGemmEx",
                cublas.cublasGemmEx(
                        handle,
                        op,
                        cublas.CUBLAS_OP_N,
                        outputs,
                        out.count(),
                        inner,
                        one,
                        a.of(weight.data()),
                        type,
                        weight.columns(),
                        b.of(in),
                        type,
                        width,
                        beta,
                        c.of(out.data().address() + 4L * first),
                        cudart.CUDA_R_32F,
                        out.width(),
                        compute,
                        cublas.CUBLAS_GEMM_DEFAULT));
    }

    private static int type(DType dtype) {
        return switch (dtype) {
            case F32 -> cudart.CUDA_R_32F;
            case F16 -> cudart.CUDA_R_16F;
            case BF16 -> cudart.CUDA_R_16BF;
        };
    }

    private void check(String call, int status) {
        if (status != cublas.CUBLAS_STATUS_SUCCESS) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    call + " failed on " + driver.name() + ": "
                            + cublas.cublasGetStatusString(status).getString()
                            + "; if it happens again, use --device cpu and report this line",
                    null);
        }
    }

    /** After all work is done. */
    void close() {
        cudart.cuCtxSetCurrent(driver.context());
        cublas.cublasDestroy_v2(handle); // an earlier failure of the context has been reported
        workspace.close();
        one.close();
        zero.close();
    }
}
