package dev.flexgen.chat.dialogue;

import dev.flexgen.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A tokenizer whose ids are pieces of bytes, in the order in which a test lists them. Encodes greedily, longest first. */
final class PieceTokenizer implements Tokenizer {

    private final List<byte[]> pieces = new ArrayList<>();

    /** @param pieces in ISO-8859-1, each character a byte */
    PieceTokenizer(String... pieces) {
        for (var piece : pieces) {
            this.pieces.add(piece.getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @Override
    public int[] encode(String text) {
        return encodeContinuation(text);
    }

    @Override
    public int[] encodeContinuation(String text) {
        var left = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        var ids = new ArrayList<Integer>();
        while (!left.isEmpty()) {
            int best = -1;
            for (int id = 0; id < pieces.size(); id++) {
                if (left.startsWith(piece(id))
                        && (best < 0 || piece(id).length() > piece(best).length())) {
                    best = id;
                }
            }
            if (best < 0) {
                throw new AssertionError("no piece begins " + left);
            }
            ids.add(best);
            left = left.substring(piece(best).length());
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private String piece(int id) {
        return new String(pieces.get(id), StandardCharsets.ISO_8859_1);
    }

    @Override
    public int[] encodeWithSpecialTokens(String text) {
        return encodeContinuation(text);
    }

    @Override
    public String decode(int[] ids) {
        var bytes = new StringBuilder();
        for (int id : ids) {
            bytes.append(piece(id));
        }
        return new String(bytes.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    @Override
    public boolean isSpecial(int id) {
        return false;
    }

    @Override
    public int size() {
        return pieces.size();
    }

    @Override
    public void close() {}
}
