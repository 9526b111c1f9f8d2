// What is wrong with the page as it stands: a list of sentences, empty when all that there is can be read.
// Glyphs are taken to reach from 0.9 em above their line's base to 0.25 em below it: what is blank in a line is nobody's.
(() => {
  const SLACK = 0.6;
  const context = document.createElement("canvas").getContext("2d");
  const ascent = (style) => {
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    return context.measureText("国").fontBoundingBoxAscent;
  };
  const inked = (rect, style) => {
    const size = parseFloat(style.fontSize), base = rect.top + ascent(style);
    return { left: rect.left, right: rect.right, top: base - 0.9 * size, bottom: base + 0.25 * size };
  };
  const within = (a, b) =>
    a.left >= b.left - SLACK && a.right <= b.right + SLACK && a.top >= b.top - SLACK && a.bottom <= b.bottom + SLACK;
  const aside = (a, b) => a.right <= b.left + SLACK || a.left >= b.right - SLACK;
  const apart = (a, b) => aside(a, b) || a.bottom <= b.top + SLACK || a.top >= b.bottom - SLACK;
  const rects = (part) => {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const style = getComputedStyle(node.parentElement);
      for (const rect of range.getClientRects()) if (rect.width && node.data.trim()) found.push(inked(rect, style));
    }
    return found;
  };
  const told = (rect) => `${["left", "top", "right", "bottom"].map((side) => Math.round(rect[side])).join(" ")}`;

  // Whatever stands in one page of the notice, and nothing but whole lines.
  const pagesOf = (notice) => {
    const wrong = [], seen = new Set(), box = notice.getBoundingClientRect(), was = notice.scrollLeft;
    const pages = Math.max(1, Math.round(notice.scrollWidth / box.width));
    for (let at = 0; at < pages; at++) {
      turn(at);
      rects(notice).forEach((rect, number) => {
        if (within(rect, box)) seen.add(number);
        else if (!aside(rect, box)) wrong.push(`notice is cut at ${told(rect)} of ${told(box)}`);
      });
    }
    const all = rects(notice).length;
    if (seen.size !== all) wrong.push(`${all - seen.size} lines of the notice are in no page`);
    notice.scrollLeft = was;
    return wrong;
  };

  window.measure = () => {
    const wrong = [], whole = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
    const parts = ["#name", "#time", "#zh", "#en", "#facts", "footer"].map((name) => [name, document.querySelector(name)]);
    const notice = document.getElementById("notice"), marks = [["#sign", [document.getElementById("sign").getBoundingClientRect()]]];
    const code = document.getElementById("code");
    if (code.getBoundingClientRect().width) marks.push(["#code", [code.getBoundingClientRect()]], ["#scan", rects(document.getElementById("scan"))]);
    for (const [name, part] of parts) marks.push([name, rects(part)]);
    for (const [name, found] of marks) {
      for (const rect of found) if (!within(rect, whole)) wrong.push(`${name} leaves the page: ${told(rect)}`);
    }
    if (notice.offsetParent) {
      wrong.push(...pagesOf(notice));
      marks.push(["#notice", rects(notice).filter((rect) => within(rect, notice.getBoundingClientRect()))]);
    }
    marks.forEach(([name, found], at) => {
      for (const [other, others] of marks.slice(at + 1)) {
        if (found.some((a) => others.some((b) => !apart(a, b)))) wrong.push(`${name} and ${other} overlap`);
      }
    });
    return wrong;
  };

  // The height of a glyph of this text, as it is drawn there, in pixels.
  window.glyph = (selector, text) => {
    const style = getComputedStyle(document.querySelector(selector));
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const { actualBoundingBoxAscent, actualBoundingBoxDescent } = context.measureText(text);
    return actualBoundingBoxAscent + actualBoundingBoxDescent;
  };
})();
