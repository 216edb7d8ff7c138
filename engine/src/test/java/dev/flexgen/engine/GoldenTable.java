package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.model.Families;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** docs/GOLDEN.md: how close golden models come to transformers on each device. Tests measure it, write it, and check what is written. */
final class GoldenTable {

    /** Who computes. */
    enum Column {
        PROCESSOR,
        SIMULATED_GPU,
        CUDA
    }

    private static final String NOT_RUN = "not run";

    private static final String HEAD = """
            # Golden models by family and device

            Models of every family with random weights, whose logits and greedy ids transformers has computed in double precision
            (`engine/src/test/resources/golden`). A cell has the largest error of a logit, rounded up, and how many of the greedy ids
            are those of transformers. On the simulated GPU that is the worst of several random plans with a disk. `GoldenTableTest`
            checks the first two columns and, with `-Dflexgen.writeDocs=true`, writes them; `CudaGoldenTableTest` (tag `gpu`) writes the
            last one. In 16 bits tensor cores round the activations of prompts, so errors there are larger.

            | model | family | processor | simulated GPU | CUDA |
            | --- | --- | --- | --- | --- |
            """;

    /**
     * What was measured of one model.
     *
     * @param error largest difference of a logit
     * @param equal greedy ids that are those of transformers, of {@code ids}
     */
    record Cell(double error, int equal, int ids) {

        /** Of an open model: the logits at the prompts' positions, and what it says after them. */
        static Cell of(OpenModel engine, String model) {
            double error = 0;
            int equal = 0;
            int ids = 0;
            for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                for (int i = 0; i < prompt.positions().length; i++) {
                    int[] beginning = Arrays.copyOf(prompt.ids(), prompt.positions()[i] + 1);
                    try (Session session = engine.session()) {
                        session.prefill(beginning, new CancelToken(), ProgressListener.NONE);
                        float[] logits = session.logits();
                        for (int id = 0; id < logits.length; id++) {
                            error = Math.max(error, Math.abs(logits[id] - prompt.logits()[i][id]));
                        }
                    }
                }
                int[] said = Continuations.of(engine, prompt);
                for (int i = 0; i < prompt.greedy().length; i++) {
                    equal += i < said.length && said[i] == prompt.greedy()[i] ? 1 : 0;
                    ids++;
                }
            }
            return new Cell(error, equal, ids);
        }

        Cell worst(Cell other) {
            return new Cell(Math.max(error, other.error), Math.min(equal, other.equal), ids);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s, %d of %d ids", bound(), equal, ids);
        }

        /** 1, 2 or 5 times a power of ten. */
        private String bound() {
            double power = Math.pow(10, Math.floor(Math.log10(error)));
            for (int times : new int[] {1, 2, 5}) {
                if (error <= times * power) {
                    return String.format(Locale.ROOT, "%.0e", times * power);
                }
            }
            return String.format(Locale.ROOT, "%.0e", 10 * power);
        }

        static Cell parse(String text) {
            String[] words = text.split("[, ]+", -1);
            return new Cell(Double.parseDouble(words[0]), Integer.parseInt(words[1]), Integer.parseInt(words[3]));
        }
    }

    private final Path file;
    private final Map<String, Map<Column, String>> rows = new LinkedHashMap<>();

    private GoldenTable(Path file) {
        this.file = file;
    }

    /** The one of the project, or that of {@code flexgen.goldenTable}, where tests run elsewhere. */
    static GoldenTable read() {
        GoldenTable table = new GoldenTable(Path.of(System.getProperty(
                "flexgen.goldenTable", Path.of("..", "docs", "GOLDEN.md").toString())));
        try {
            if (Files.exists(table.file)) {
                Files.readAllLines(table.file).forEach(table::row);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    private void row(String line) {
        String[] cells = line.split(" *\\| *", -1); // nothing, model, family, a cell for each column, nothing
        List<Column> columns = List.of(Column.values());
        if (cells.length == columns.size() + 4 && Fixtures.models().anyMatch(cells[1]::equals)) {
            for (int i = 0; i < columns.size(); i++) {
                cells(cells[1]).put(columns.get(i), cells[3 + i]);
            }
        }
    }

    private Map<Column, String> cells(String model) {
        return rows.computeIfAbsent(model, _ -> new EnumMap<>(Column.class));
    }

    /** What is written of a model. */
    String text(String model, Column column) {
        return rows.getOrDefault(model, Map.of()).getOrDefault(column, NOT_RUN);
    }

    void put(String model, Column column, Cell cell) {
        cells(model).put(column, cell.toString());
    }

    List<String> models() {
        return List.copyOf(rows.keySet());
    }

    /** Writes all rows, in the order of the golden models. */
    void write() {
        StringBuilder text = new StringBuilder(HEAD);
        for (String model : Fixtures.models().filter(rows::containsKey).toList()) {
            List<String> cells = new ArrayList<>(
                    List.of(model, Families.read(Fixtures.golden(model)).family()));
            for (Column column : Column.values()) {
                cells.add(text(model, column));
            }
            text.append("| ").append(String.join(" | ", cells)).append(" |\n");
        }
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
