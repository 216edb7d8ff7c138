package dev.flexgen.chat.wizard;

import java.util.ArrayList;
import java.util.List;

/**
 * How the wizard stands.
 *
 * @param trail the pages that led here, the present one last
 * @param row of the page's menu that is selected
 * @param field what is being typed on this page
 * @param notice a sentence below the page; empty most of the time
 * @param preview the settings file as it would be
 */
public record WizardState(
        Facts facts,
        List<PageId> trail,
        Answers answers,
        int row,
        TextField field,
        String notice,
        String preview,
        Download download) {

    public WizardState {
        trail = List.copyOf(trail);
    }

    public PageId page() {
        return trail.getLast();
    }

    /** To a page further on. */
    WizardState to(PageId next) {
        List<PageId> longer = new ArrayList<>(trail);
        longer.add(next);
        return entering(longer);
    }

    /** To the page before; the first one stays. */
    WizardState back() {
        return trail.size() == 1 ? this : entering(trail.subList(0, trail.size() - 1));
    }

    private WizardState entering(List<PageId> pages) {
        WizardState there = new WizardState(facts, pages, answers, 0, TextField.EMPTY, "", preview, download);
        Page page = there.page().page();
        return there.withRow(page.firstRow(there)).withField(TextField.of(page.firstText(there)));
    }

    WizardState withFacts(Facts value) {
        return new WizardState(value, trail, answers, row, field, notice, preview, download);
    }

    WizardState withAnswers(Answers value) {
        return new WizardState(facts, trail, value, row, field, notice, preview, download);
    }

    WizardState withRow(int value) {
        return new WizardState(facts, trail, answers, value, field, notice, preview, download);
    }

    WizardState withField(TextField value) {
        return new WizardState(facts, trail, answers, row, value, notice, preview, download);
    }

    WizardState withNotice(String value) {
        return new WizardState(facts, trail, answers, row, field, value, preview, download);
    }

    WizardState withPreview(String value) {
        return new WizardState(facts, trail, answers, row, field, notice, value, download);
    }

    WizardState withDownload(Download value) {
        return new WizardState(facts, trail, answers, row, field, notice, preview, value);
    }
}
