package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Failures;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.sessions.SavedSession;
import dev.flexgen.chat.sessions.SessionDesk;
import dev.flexgen.chat.sessions.SessionStore;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which session a chat is to be: a new one, the last one, or that of a name; and what it says about the settings. */
final class ChatSessions {

    /** Whoever reads a reply and thinks takes longer, and whoever types on does not want the disk busy. */
    private static final Duration IDLE = Duration.ofSeconds(5);

    private final Wiring wiring;
    private final SessionStore store;
    private final Settings given;
    private final Optional<SavedSession> begin;
    private final Optional<String> newName;

    private ChatSessions(
            Wiring wiring, SessionStore store, Settings given, Optional<SavedSession> begin, Optional<String> newName) {
        this.wiring = wiring;
        this.store = store;
        this.given = given;
        this.begin = begin;
        this.newName = newName;
    }

    /**
     * Finds it.
     *
     * @param last whether to go on with the one that changed last
     * @param name that of a session, whether it exists or not
     * @throws CommandException if it cannot be had
     */
    static ChatSessions choose(Wiring wiring, Settings settings, boolean last, Optional<String> name) {
        SessionStore store = wiring.sessions();
        if (last && name.isPresent()) {
            throw CommandException.usage(
                    "--continue goes on with the last session, and --session names one; give one of them");
        }
        Optional<String> wanted = last ? store.names().stream().findFirst() : name;
        if (last && wanted.isEmpty()) {
            throw CommandException.usage("there is no session to go on with yet; begin one by: flexgen-chat");
        }
        Optional<SavedSession> begin = wanted.filter(store::has).map(store::read);
        return new ChatSessions(wiring, store, settings, begin, begin.isPresent() ? Optional.empty() : wanted);
    }

    /** The settings of the chat: where the command line says nothing, a session goes on as it was. */
    Settings settings() {
        if (begin.isEmpty()) {
            return given;
        }
        SavedSession session = begin.get();
        Map<String, String> kept = new LinkedHashMap<>(session.settings());
        kept.put(SettingTable.MODEL.name(), session.model());
        kept.put(SettingTable.SYSTEM.name(), session.systemText());
        var source = new SettingSource.SavedSession(session.name());
        Settings settings = given;
        for (Map.Entry<String, String> entry : kept.entrySet()) {
            Optional<Setting<?>> setting = SettingTable.find(entry.getKey());
            if (setting.isPresent()
                    && !entry.getValue().isEmpty()
                    && !(given.source(setting.get()) instanceof SettingSource.Flag)) {
                settings = with(settings, setting.get(), entry.getValue(), source);
            }
        }
        requireModel(settings, session);
        return settings;
    }

    /** A value that this version does not allow any more is none. */
    private static Settings with(Settings settings, Setting<?> setting, String text, SettingSource source) {
        try {
            return settings.with(setting, text, source);
        } catch (ConfigException e) {
            return settings;
        }
    }

    private void requireModel(Settings settings, SavedSession session) {
        if (!(settings.source(SettingTable.MODEL) instanceof SettingSource.SavedSession)) {
            return;
        }
        try {
            var _ = wiring.model(settings);
        } catch (RuntimeException e) {
            String how = session.name().contains(" ") ? "'" + session.name() + "'" : session.name();
            throw CommandException.model("the session '" + session.name() + "' is with " + session.model()
                    + ", which cannot be had any more: " + Failures.sentence(e)
                    + "; to go on with another model: flexgen-chat --session " + how + " -m demo");
        }
    }

    /** Opens it for a chat under {@code settings}; the caller closes it. */
    SessionDesk open(Settings settings) {
        boolean keep = !settings.get(SettingTable.NO_SAVE);
        var desk = new SessionDesk(
                store, model(settings), chosen(settings), keep, cache(settings, keep), this::complain, wiring::exit);
        newName.ifPresent(desk::wantName);
        begin.ifPresent(session -> {
            desk.goOnWith(session);
            announce(session, settings);
        });
        return desk;
    }

    private SessionDesk.Cache cache(Settings settings, boolean keep) {
        boolean quiet = settings.get(SettingTable.QUIET);
        return new SessionDesk.Cache(
                keep ? settings.get(SettingTable.SESSION_CACHE) : SettingTable.SESSION_CACHE_OFF,
                IDLE,
                quiet ? _ -> {} : this::complain);
    }

    private void complain(String sentence) {
        wiring.streams().note(sentence);
    }

    private void announce(SavedSession session, Settings settings) {
        if (session.damagedLines() > 0) {
            complain(session.damagedLines() + " lines of the session '" + session.name()
                    + "' are damaged; what can be read of it is used, and the file is not changed");
        }
        if (settings.get(SettingTable.QUIET)) {
            return;
        }
        int turns = session.exchanges().size();
        complain("going on with the session '" + session.name() + "', " + turns + (turns == 1 ? " turn" : " turns"));
        session.unanswered()
                .ifPresent(message -> complain("your last message there has no reply: " + PlainText.excerpt(message)));
    }

    private String model(Settings settings) {
        String model = settings.get(SettingTable.MODEL);
        if (model.isEmpty()) {
            return BundledModel.DEMO.modelName();
        }
        Path folder = wiring.environment().path(model);
        return Files.isDirectory(folder) ? folder.toString() : model;
    }

    /** The settings of how replies are made that the user gave for this conversation. */
    private static Map<String, String> chosen(Settings settings) {
        List<Setting<?>> all = new ArrayList<>(Sampling.SETTINGS);
        all.add(SettingTable.MAX_NEW_TOKENS);
        Map<String, String> chosen = new LinkedHashMap<>();
        for (Setting<?> setting : all) {
            if (settings.source(setting) instanceof SettingSource.Flag
                    || settings.source(setting) instanceof SettingSource.SavedSession) {
                chosen.put(setting.name(), settings.text(setting));
            }
        }
        return chosen;
    }
}
