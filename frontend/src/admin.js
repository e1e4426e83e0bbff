// What the pages need of a script. Without it they work as well, but for charts and live progress.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { drawCharts } from "./charts.js";
import { offerCopies } from "./copy.js";
import { openDialogs } from "./dialogs.js";
import { countChosen, sendOnChange } from "./lists.js";
import { walkMatrix } from "./matrix.js";
import { closeMenus } from "./menus.js";
import { keepZone } from "./zone.js";

window.htmx = htmx;

keepZone();
openDialogs();
closeMenus();
walkMatrix();

function prepare(root) {
  countChosen(root);
  offerCopies(root);
  sendOnChange(root);
  drawCharts(root);
}

document.addEventListener("DOMContentLoaded", () => prepare(document));
htmx.onLoad(prepare);
