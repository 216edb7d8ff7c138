package dev.flexgen.chat.wizard;

/** The pages, in the order in which most people see them. */
public enum PageId {
    WELCOME,
    MACHINE,
    MODELS,
    LICENCE,
    FOLDER,
    STORE,
    SUMMARY,
    DOWNLOAD,
    DONE;

    Page page() {
        return switch (this) {
            case WELCOME -> new WelcomePage();
            case MACHINE -> new MachinePage();
            case MODELS -> new ModelsPage();
            case LICENCE -> new LicencePage();
            case FOLDER -> new FolderPage();
            case STORE -> new StorePage();
            case SUMMARY -> new SummaryPage();
            case DOWNLOAD -> new DownloadPage();
            case DONE -> new DonePage();
        };
    }
}
