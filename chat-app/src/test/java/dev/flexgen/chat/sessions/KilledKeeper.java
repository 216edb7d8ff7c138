package dev.flexgen.chat.sessions;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.EngineChatModel;
import dev.flexgen.chat.dialogue.RecordingListener;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;

/** A program to be killed: talks with a tiny model in one session for ever, keeps what that holds, and says so after each turn. */
final class KilledKeeper {

    private KilledKeeper() {}

    /**
     * Talks until it is killed.
     *
     * @param arguments the model's folder, one for the tokenizer's library, a state folder, the number of the first turn
     */
    public static void main(String[] arguments) {
        Path folder = Path.of(arguments[0]);
        try (OpenModel engine = OpenModel.open(folder, EngineOptions.defaults().withThreads(1));
                Tokenizer tokenizer = Tokenizers.open(folder, Path.of(arguments[1]));
                var model = new EngineChatModel(engine.model(), tokenizer)) {
            var store = new SessionStore(Path.of(arguments[2]), Clock.systemUTC());
            var cache = new SessionDesk.Cache(0, Duration.ZERO, System.err::println);
            var desk = new SessionDesk(store, "demo", Map.of(), true, cache, System.err::println, _ -> {});
            if (store.has("talk")) {
                desk.goOnWith(store.read("talk"));
            } else {
                desk.wantName("talk");
            }
            var dialogue = new Dialogue(model, PromptFormat.of(PromptStyle.COMPLETION), "");
            desk.attach(dialogue);
            for (int number = Integer.parseInt(arguments[3]); ; number++) {
                dialogue.say(
                        "message " + number,
                        new ReplyOptions(6, SamplerOptions.greedy()),
                        new RecordingListener(),
                        new CancelToken());
                if (number % 3 == 0) {
                    desk.finish();
                }
                System.out.println(number);
            }
        }
    }
}
