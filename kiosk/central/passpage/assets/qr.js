// The code as a picture, in the smallest version that holds it: at level L, whose squares are the largest, as the door's camera
// likes it best; at level Q on a cracked screen, where a quarter of it may be lost, and the phone has to be nearer.

const QUIET = 4;
const SVG = "http://www.w3.org/2000/svg";

// `waited`: somebody waits for it. It gets the first of the eight masks, any of which is read; choosing the best takes as long
// as all else together.
export function drawn(text, cracked, waited) {
  const code = qrcode(0, cracked ? "Q" : "L");
  code.addData(text, "Alphanumeric");
  if (waited) inHaste(code);
  else code.make();
  const size = code.getModuleCount();
  let path = "";
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (!code.isDark(row, column)) continue;
      let end = column;
      while (end < size && code.isDark(row, end)) end++;
      path += `M${column} ${row}h${end - column}v1h${column - end}z`;
      column = end;
    }
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `${-QUIET} ${-QUIET} ${size + 2 * QUIET} ${size + 2 * QUIET}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.append(document.createElementNS(SVG, "path"));
  svg.firstChild.setAttribute("d", path);
  return svg;
}

// The library judges each mask by what the code tells of itself: of one without squares there is nothing to judge.
function inHaste(code) {
  const size = code.getModuleCount;
  code.getModuleCount = () => 0;
  code.make();
  code.getModuleCount = size;
}
