package dev.flexgen.chat.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.DraftChoice;
import dev.flexgen.engine.DraftForecast;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.plan.ExpectedTurn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@code plan} says of drafts.
 *
 * @param forecasts of each that was asked about
 * @param choice of the planner, where it decides
 * @param measured whether the machine's rates are
 */
record PlanDrafts(List<DraftForecast> forecasts, Optional<DraftChoice> choice, boolean measured) {

    static final PlanDrafts NONE = new PlanDrafts(List.of(), Optional.empty(), true);

    /** Lines. */
    String text() {
        StringBuilder text = new StringBuilder();
        forecasts.forEach(it -> text.append(line(it)).append('\n'));
        choice.ifPresent(it -> text.append("auto: ").append(it.reason()).append('\n'));
        return text.toString();
    }

    private String line(DraftForecast forecast) {
        return switch (forecast) {
            case DraftForecast.Impossible(var candidate, var reason) ->
                "with drafts by " + candidate.name() + ": not possible, " + reason;
            case DraftForecast.Possible possible -> line(possible);
        };
    }

    private String line(DraftForecast.Possible it) {
        String head = String.format(
                Locale.ROOT,
                "with drafts by %s: %.2f times as fast, %s instead of %s (predicted%s), at %s%s",
                it.candidate().name(),
                it.gain().times(),
                SpeedWords.rate(it.gain().tokensPerSecond()),
                SpeedWords.number(it.gain().plainTokensPerSecond()),
                measured ? "" : ", not measured",
                acceptance(it.candidate().acceptance()),
                it.draft().map(PlanDrafts::takes).orElse(""));
        String depth = it.gain().depth() == 0
                ? "no draft pays"
                : String.format(
                        Locale.ROOT,
                        "%d tokens drafted for a step, which gives %.2f tokens",
                        it.gain().depth(),
                        it.gain().tokensPerStep());
        return String.format(
                Locale.ROOT,
                "%s%n  %s; a turn with a message of %d tokens and a reply of %d is %.2f times as fast",
                head,
                depth,
                ExpectedTurn.PROMPT,
                ExpectedTurn.REPLY,
                it.turn());
    }

    private static String acceptance(Acceptance acceptance) {
        return String.format(
                Locale.ROOT,
                "%s acceptance of %.0f %%%s",
                acceptance.measured() ? "a measured" : "an assumed",
                100 * acceptance.right(),
                acceptance.guessed() < 1
                        ? String.format(Locale.ROOT, " at %.0f %% of the places", 100 * acceptance.guessed())
                        : "");
    }

    private static String takes(FitResult.Fits draft) {
        List<String> places = new ArrayList<>();
        for (Tier tier : Tier.values()) {
            long bytes = draft.footprint().bytes(tier);
            if (bytes > 0) {
                places.add(Bytes.format(bytes) + " of " + tier.label() + " memory");
            }
        }
        return "; the draft, in " + draft.weights().label() + ", takes " + String.join(" and ", places);
    }

    JsonArray json() {
        JsonArray array = new JsonArray();
        forecasts.forEach(it -> array.add(json(it)));
        return array;
    }

    private JsonObject json(DraftForecast forecast) {
        JsonObject json = new JsonObject();
        Acceptance acceptance = forecast.candidate().acceptance();
        json.addProperty("draft", forecast.candidate().name());
        json.addProperty("acceptance", acceptance.right());
        json.addProperty("guessed", acceptance.guessed());
        json.addProperty("acceptance_is", acceptance.measured() ? "measured" : "assumed");
        switch (forecast) {
            case DraftForecast.Impossible(var _, var reason) -> json.addProperty("impossible", reason);
            case DraftForecast.Possible it -> {
                json.addProperty("predicted_gain", it.gain().times());
                json.addProperty("predicted_turn_gain", it.turn());
                json.addProperty("predicted_decode_tokens_per_second", it.gain().tokensPerSecond());
                json.addProperty("predicted_plain_tokens_per_second", it.gain().plainTokensPerSecond());
                json.addProperty("tokens_per_step", it.gain().tokensPerStep());
                json.addProperty("depth", it.gain().depth());
                it.draft().ifPresent(draft -> json.addProperty("draft_bytes", draft.bytes()));
                choice.ifPresent(one -> json.addProperty(
                        "chosen", one.chosen().filter(it::equals).isPresent()));
            }
        }
        return json;
    }
}
