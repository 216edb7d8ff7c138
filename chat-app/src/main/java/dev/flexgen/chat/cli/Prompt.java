package dev.flexgen.chat.cli;

import dev.flexgen.chat.ModelInUse;
import java.util.List;

/** What a model is given: text, which needs a tokenizer, or token ids, which do not. */
sealed interface Prompt {

    /** The ids to compute with. */
    int[] ids(ModelInUse model);

    /** As text, for which a model needs a tokenizer. */
    String text(ModelInUse model);

    record Text(String text) implements Prompt {
        @Override
        public int[] ids(ModelInUse model) {
            return model.requireTokenizer().encode(text);
        }

        @Override
        public String text(ModelInUse model) {
            return text;
        }
    }

    record Ids(List<Integer> ids) implements Prompt {
        @Override
        public int[] ids(ModelInUse model) {
            return ids.stream().mapToInt(Integer::intValue).toArray();
        }

        @Override
        public String text(ModelInUse model) {
            return model.requireTokenizer().decode(ids(model));
        }
    }
}
