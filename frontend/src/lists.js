// A list's boxes: all of a page at once, how many are chosen, and actions when there are any.
export function countChosen(root) {
  for (const form of root.querySelectorAll("form[data-listed]")) {
    const all = form.querySelector("[data-all]");
    const acts = form.querySelector("[data-acts]");
    if (!all || !acts) continue;
    const boxes = [...form.querySelectorAll("input[name=id]")];
    const said = acts.querySelector("[data-chosen]");
    const show = () => {
      const count = boxes.filter((box) => box.checked).length;
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
      said.textContent = said.dataset.chosen.replace("{}", count);
      for (const button of acts.querySelectorAll("button")) button.disabled = count === 0;
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      show();
    });
    form.addEventListener("change", show);
    show();
  }
}

export function sendOnChange(root) {
  for (const form of root.querySelectorAll("form[data-narrowing]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select")) form.requestSubmit();
    });
  }
}
