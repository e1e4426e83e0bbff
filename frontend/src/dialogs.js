// Opens what asks for a confirmation in a dialog; without a script it is a page of its own.
const dialog = () => document.getElementById("dialog");

async function open(address, options = {}) {
  const answer = await fetch(address, {
    ...options,
    headers: { "HX-Request": "true" },
    credentials: "same-origin",
  });
  const elsewhere = answer.headers.get("HX-Redirect");
  if (elsewhere) {
    location.assign(elsewhere);
    return;
  }
  dialog().innerHTML = await answer.text();
  dialog().showModal();
  dialog().querySelector("button, input:not([type=hidden])")?.focus();
}

export function openDialogs() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && dialog().open) {
      event.preventDefault();
      dialog().close();
      return;
    }
    const link = event.target.closest("a[data-dialog]");
    const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.button);
    if (link && plain) {
      event.preventDefault();
      open(link.href);
    }
  });
  // A list's action answers with its question, which names the count.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-listed]");
    if (form && event.submitter?.name === "action") {
      event.preventDefault();
      const body = new URLSearchParams(new FormData(form, event.submitter));
      open(form.getAttribute("action"), { method: "POST", body });
    }
  });
}
