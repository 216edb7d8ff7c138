package dev.flexgen.chat.dialogue;

import java.util.ArrayList;
import java.util.List;

/** Collects what several replies say so far, for somebody who shows all of them. On the thread that asked for the replies. */
final class Previews {

    private final List<StringBuilder> texts = new ArrayList<>();
    private final DialogueListener listener;

    private Previews(int count, DialogueListener listener) {
        this.listener = listener;
        for (int i = 0; i < count; i++) {
            texts.add(new StringBuilder());
        }
    }

    /** Listeners to so many replies, which tell {@code listener}; it counts the tokens of the first one. */
    static List<ReplyListener> of(int count, DialogueListener listener) {
        Previews previews = new Previews(count, listener);
        List<ReplyListener> listeners = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            listeners.add(previews.listenerTo(i));
        }
        return listeners;
    }

    private ReplyListener listenerTo(int index) {
        return new ReplyListener() {
            @Override
            public void onText(String text) {
                texts.get(index).append(text);
                listener.onPreviews(texts.stream().map(StringBuilder::toString).toList());
            }

            @Override
            public void onPrompt(int tokens) {
                if (index == 0) {
                    listener.onPrompt(tokens);
                }
            }

            @Override
            public void onToken() {
                if (index == 0) {
                    listener.onToken();
                }
            }

            @Override
            public void onPrefill(int doneTokens, int totalTokens) {
                if (index == 0) {
                    listener.onPrefill(doneTokens, totalTokens);
                }
            }
        };
    }
}
