// The arrow keys go from box to box in a table of boxes, as in a spreadsheet; Tab works as ever.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function walkMatrix() {
  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const cell = event.target.matches?.("table.matrix input") && event.target.closest("td");
    if (!step || !cell) return;
    event.preventDefault();
    const rows = [...cell.closest("tbody").rows];
    let row = rows.indexOf(cell.parentElement);
    let column = cell.cellIndex;
    // Cells without a box are passed over.
    do {
      row += step[0];
      column += step[1];
    } while (rows[row]?.cells[column] && !rows[row].cells[column].querySelector("input"));
    rows[row]?.cells[column]?.querySelector("input")?.focus();
  });
}
