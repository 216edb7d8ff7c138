package dev.flexgen.chat.cli;

import dev.flexgen.chat.job.JobFile;
import java.util.HashMap;
import java.util.Map;

/** Results of a job that go into its file, prompt by prompt as they are finished; what was cancelled is not kept. One thread. */
final class JobResults implements Results {

    private final JobFile file;
    private final Map<Integer, StringBuilder> held = new HashMap<>();

    JobResults(JobFile file) {
        this.file = file;
    }

    @Override
    public void begin(int index) {
        held.put(index, new StringBuilder());
    }

    @Override
    public void print(int index, String text) {
        held.computeIfAbsent(index, _ -> new StringBuilder()).append(text);
    }

    @Override
    public void finish(int index, End end) {
        StringBuilder result = held.remove(index);
        if (end != End.CANCELLED) {
            file.keep(index, end == End.FAILED, result == null ? "" : result.toString());
        }
    }
}
