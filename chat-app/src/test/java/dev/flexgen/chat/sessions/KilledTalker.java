package dev.flexgen.chat.sessions;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.RecordingListener;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.TestSetup;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;

/** A program to be killed: talks in one session for ever, and says so after each turn. */
final class KilledTalker {

    private KilledTalker() {}

    /**
     * Talks until it is killed.
     *
     * @param arguments a state folder, the number of the first turn
     */
    public static void main(String[] arguments) {
        var store = new SessionStore(Path.of(arguments[0]), Clock.systemUTC());
        var desk = new SessionDesk(store, "demo", Map.of(), true, SessionDesk.Cache.OFF, System.err::println, _ -> {});
        if (store.has("talk")) {
            desk.goOnWith(store.read("talk"));
        } else {
            desk.wantName("talk");
        }
        var model = new ScriptedChatModel(1_000_000);
        var dialogue = new Dialogue(model, TestSetup.BARE, "");
        desk.attach(dialogue);
        for (int number = Integer.parseInt(arguments[1]); ; number++) {
            model.says("reply " + number + " " + "x".repeat(number % 3000));
            dialogue.say(
                    "message " + number,
                    new ReplyOptions(4000, SamplerOptions.greedy()),
                    new RecordingListener(),
                    new CancelToken());
            if (number % 10 == 9) {
                dialogue.undo(1);
                dialogue.redo();
            }
            System.out.println(number);
        }
    }
}
