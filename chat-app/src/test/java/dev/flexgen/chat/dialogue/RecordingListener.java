package dev.flexgen.chat.dialogue;

import java.util.ArrayList;
import java.util.List;

/** Remembers all that a turn told. */
public final class RecordingListener implements DialogueListener {

    final List<DialogueEvent> events = new ArrayList<>();
    final List<String> texts = new ArrayList<>();

    @Override
    public void onEvent(DialogueEvent event) {
        events.add(event);
    }

    @Override
    public void onText(String text) {
        texts.add(text);
    }

    String text() {
        return String.join("", texts);
    }
}
