// Copies the text beside a button, and says so on it for a moment. Without a script there is no button.
export function offerCopies(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    if (!button.hidden || !navigator.clipboard) continue;
    button.hidden = false;
    const label = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
}
