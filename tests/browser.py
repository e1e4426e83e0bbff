"""The browser of the tests: Debian's Chromium, which `make test` installs where there is none."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Return where it is."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found is not None, "no Chromium here: `make browser` installs it"
    return found
