// The code as a picture, in the smallest version that holds it: at level L, whose squares are the largest, as the door's camera
// likes it best; at level Q on a cracked screen, where a quarter of it may be lost, and the phone has to be nearer.

const QUIET = 4;
const SVG = "http://www.w3.org/2000/svg";

export function drawn(text, cracked) {
  const code = qrcode(0, cracked ? "Q" : "L");
  code.addData(text, "Alphanumeric");
  code.make();
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
