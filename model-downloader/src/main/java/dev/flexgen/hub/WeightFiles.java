package dev.flexgen.hub;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Names under which checkpoints keep their weights, and which of several sets of them to take. */
final class WeightFiles {

    private static final String SAFETENSORS = "model.safetensors";
    private static final String TORCH = "pytorch_model.bin";
    private static final String INDEX = ".index.json";

    /** Best first. BLOOM has an underscore where everybody else has a dash. */
    private static final List<Form> FORMS = List.of(
            new Form(SAFETENSORS, "", Pattern.compile("model\\.safetensors")),
            new Form("", SAFETENSORS + INDEX, Pattern.compile("model[-_]\\d{1,9}-of-\\d{1,9}\\.safetensors")),
            new Form(TORCH, "", Pattern.compile("pytorch_model\\.bin")),
            new Form("", TORCH + INDEX, Pattern.compile("pytorch_model[-_]\\d{1,9}-of-\\d{1,9}\\.bin")));

    private WeightFiles() {}

    /**
     * One way to keep weights.
     *
     * @param single file that has all of them; empty for shards
     * @param index that lists the shards; empty for a single file
     */
    private record Form(String single, String index, Pattern parts) {

        boolean isPart(String path) {
            return path.equals(index) || parts.matcher(path).matches();
        }

        boolean isAmong(List<String> paths) {
            return index.isEmpty()
                    ? paths.contains(single)
                    : paths.contains(index) && paths.stream().anyMatch(parts.asMatchPredicate());
        }
    }

    /** Whether a path belongs to the one set of weights to fetch; never is true if there is none. */
    static Predicate<String> chosenFrom(List<String> paths) {
        return FORMS.stream()
                .filter(form -> form.isAmong(paths))
                .<Predicate<String>>map(form -> form::isPart)
                .findFirst()
                .orElse(_ -> false);
    }

    /** Whether a path is one of weights, in whatever form. */
    static boolean isPart(String path) {
        return FORMS.stream().anyMatch(form -> form.isPart(path));
    }

    static boolean isIndex(String name) {
        return name.equals(SAFETENSORS + INDEX) || name.equals(TORCH + INDEX);
    }

    /** Files that make the parts of an index unnecessary. */
    static List<String> wholeAlternatives(String index) {
        return index.equals(TORCH + INDEX) ? List.of(SAFETENSORS, TORCH) : List.of(SAFETENSORS);
    }
}
