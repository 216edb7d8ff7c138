package dev.flexgen.hub;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Which files of a repository a model needs here: its description, its tokenizer, its licence and one set of weights. */
final class NeededFiles {

    static final String CONFIG = "config.json";

    private static final Set<String> SMALL = Set.of(
            CONFIG,
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
            "merges.txt",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja",
            "README.md");

    /** The one kind whose names are free; one that no file system takes, or that is no name to show, is not worth a model. */
    private static final Predicate<String> LICENCE =
            Pattern.compile("LICENSE[\\w .()+-]{0,100}").asMatchPredicate();

    private NeededFiles() {}

    /** Biggest first, since they take longest. */
    static List<RemoteFile> of(List<RemoteFile> repository) {
        Predicate<String> weights =
                WeightFiles.chosenFrom(repository.stream().map(RemoteFile::path).toList());
        return repository.stream()
                .filter(file -> isSmall(file.path()) || weights.test(file.path()))
                .sorted(Comparator.comparingLong(RemoteFile::bytes).reversed().thenComparing(RemoteFile::path))
                .toList();
    }

    /** Whether a file of that name could be one of them. */
    static boolean mayBe(String path) {
        return isSmall(path) || WeightFiles.isPart(path);
    }

    private static boolean isSmall(String path) {
        return SMALL.contains(path) || LICENCE.test(path);
    }
}
