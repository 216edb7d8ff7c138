package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows of weights in groups to scratch memory as F16, for products of many tokens; small tiles of them, which stay in the L2
 * cache until they are multiplied. Owned by the thread that owns the device.
 */
final class GroupDecoder {

    /** What weights in groups are decoded to. */
    static final Encoding.Plain DECODED = (Encoding.Plain) Encoding.F16;

    private static final int THREADS = 256;

    /** {@code DECODE_ROWS} in grouprows.cu, and columns of a thread. */
    private static final int ROWS = 4;

    private static final int COLUMNS = 8;

    /** Rows of a tile are a multiple of it, if there is room: tiles of products are that wide. */
    private static final int TILE_ROWS = 128;

    private static final int MOST_ROWS = 65_535 / TILE_ROWS * TILE_ROWS * ROWS;

    private final KernelArguments arguments;
    private final Kernel decode;

    /**
     * Some rows of a matrix.
     *
     * @param from the first
     * @param room for what they decode to
     */
    record Tile(Matrix matrix, int from, int rows, MemorySegment room) {

        /** These rows of a projection by the matrix, with {@code weight} in their place. */
        Linear of(Linear linear, Matrix weight) {
            @Nullable MemorySegment bias = linear.bias();
            return new Linear(weight, bias == null ? null : bias.asSlice(4L * from, 4L * rows));
        }
    }

    GroupDecoder(KernelLauncher launcher, KernelArguments arguments) {
        this.arguments = arguments;
        this.decode = new Kernel(launcher, "grouprows_decode", THREADS, 0);
    }

    /** The whole matrix if it is plain, else tiles that fit {@code room} when they are decoded. */
    List<Tile> tiles(Matrix matrix, MemorySegment room) {
        if (matrix.encoding() instanceof Encoding.Plain || matrix.rows() == 0) {
            return List.of(new Tile(matrix, 0, matrix.rows(), room));
        }
        long fit = Math.min(room.byteSize() / DECODED.rowBytes(matrix.columns()), MOST_ROWS);
        int most = (int) (fit >= TILE_ROWS ? fit / TILE_ROWS * TILE_ROWS : fit >= 8 ? fit / 8 * 8 : fit);
        if (most == 0) {
            throw new IllegalArgumentException(
                    "a row of " + matrix.columns() + " numbers in scratch memory of " + room.byteSize() + " bytes");
        }
        List<Tile> tiles = new ArrayList<>();
        for (int from = 0; from < matrix.rows(); from += most) {
            tiles.add(new Tile(matrix, from, Math.min(most, matrix.rows() - from), room));
        }
        return tiles;
    }

    /** The tile's rows as plain numbers: in place, or in its room. */
    Matrix decode(Tile tile) {
        Matrix matrix = tile.matrix();
        if (!(matrix.encoding() instanceof Encoding.Grouped grouped)) {
            return matrix;
        }
        int columns = matrix.columns();
        Matrix decoded =
                new Matrix(DECODED, tile.rows(), columns, tile.room().asSlice(0, DECODED.bytes(tile.rows(), columns)));
        arguments
                .clear()
                .pointer(matrix.data().asSlice(tile.from() * matrix.rowBytes()))
                .pointer(decoded.data());
        arguments.number(tile.rows()).number(columns);
        arguments.number(columns % COLUMNS == 0 ? 1 : 0);
        decode.launch(grouped, Math.ceilDiv(columns, COLUMNS * THREADS), Math.ceilDiv(tile.rows(), ROWS), 1, arguments);
        return decoded;
    }
}
