package dev.flexgen.chat.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A text within a template, with the methods that Python's have and templates call. Public for the renderer's sake. */
public record TemplateText(String text) implements CharSequence {

    public boolean startswith(String begin) {
        return text.startsWith(begin);
    }

    public boolean endswith(String end) {
        return text.endsWith(end);
    }

    public TemplateText strip() {
        return new TemplateText(text.strip());
    }

    /** Without characters of {@code characters} around it. */
    public TemplateText strip(String characters) {
        return lstrip(characters).rstrip(characters);
    }

    public TemplateText lstrip() {
        return new TemplateText(text.stripLeading());
    }

    public TemplateText lstrip(String characters) {
        int from = 0;
        while (from < text.length() && characters.indexOf(text.charAt(from)) >= 0) {
            from++;
        }
        return new TemplateText(text.substring(from));
    }

    public TemplateText rstrip() {
        return new TemplateText(text.stripTrailing());
    }

    public TemplateText rstrip(String characters) {
        int to = text.length();
        while (to > 0 && characters.indexOf(text.charAt(to - 1)) >= 0) {
            to--;
        }
        return new TemplateText(text.substring(0, to));
    }

    public List<TemplateText> split(String separator) {
        List<TemplateText> parts = new ArrayList<>();
        for (String part : text.split(Pattern.quote(separator), -1)) {
            parts.add(new TemplateText(part));
        }
        return parts;
    }

    public TemplateText replace(String from, String to) {
        return new TemplateText(text.replace(from, to));
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.subSequence(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}
