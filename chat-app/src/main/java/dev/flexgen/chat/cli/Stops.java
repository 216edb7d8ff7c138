package dev.flexgen.chat.cli;

import dev.flexgen.chat.ModelInUse;
import dev.flexgen.tokenizer.PythonFunctionStop;
import dev.flexgen.tokenizer.StopStrings;
import dev.flexgen.tokenizer.TextStop;
import java.util.ArrayList;
import java.util.List;

/**
 * What ends completions beside the model.
 *
 * @param strings texts before which they end
 * @param function whether they end with a Python function
 */
record Stops(List<String> strings, boolean function) {

    Stops {
        strings = List.copyOf(strings);
    }

    boolean isEmpty() {
        return strings.isEmpty() && !function;
    }

    /** For the completion of one prompt. */
    List<TextStop> of(Prompt prompt, ModelInUse model) {
        List<TextStop> stops = new ArrayList<>();
        if (function) {
            stops.add(new PythonFunctionStop(prompt.text(model)));
        }
        stops.add(new StopStrings(strings));
        return stops;
    }
}
