package dev.flexgen.chat.repl;

import dev.flexgen.config.ConfigUpdate;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.nio.file.Path;

/** A program to be killed: writes history entries or settings for ever, and says so after each. */
final class KilledWriter {

    private KilledWriter() {}

    /**
     * Writes until it is killed.
     *
     * @param arguments {@code history} or {@code settings}, a folder, the first number
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[1]);
        for (int number = Integer.parseInt(arguments[2]); ; number++) {
            if (arguments[0].equals("history")) {
                HistoryFile.open(folder).append("entry " + number + " " + "x".repeat(number % 9000));
            } else {
                new ConfigUpdate(folder.resolve("config.json"))
                        .set(SettingTable.MODEL, "model-" + number)
                        .set(SettingTable.SYSTEM, "s".repeat(number % 9000))
                        .write();
            }
            System.out.println(number);
        }
    }
}
