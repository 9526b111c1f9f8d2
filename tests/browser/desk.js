// What is wrong with the page inside as it stands: a list of sentences. `least` and `apart`: pixels of a target and between two.
window.wrongs = (least, apart) => {
  const wrong = [], SLACK = 1;
  const seen = (each) => each.checkVisibility() && !each.closest(".unseen");
  const name = (each) => `"${each.textContent.trim() || each.id}"`;
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const buttons = [...document.querySelectorAll("button")].filter(seen), boxes = buttons.map((each) => each.getBoundingClientRect());
  boxes.forEach((box, at) => {
    if (Math.min(box.width, box.height) < least - 0.5) wrong.push(`${name(buttons[at])} is ${box.width} x ${box.height}`);
    boxes.slice(at + 1).forEach((other, more) => {
      const between = Math.max(other.left - box.right, box.left - other.right, other.top - box.bottom, box.top - other.bottom);
      if (between < apart - 0.5) wrong.push(`${between} between ${name(buttons[at])} and ${name(buttons[at + 1 + more])}`);
    });
  });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const within = node.parentElement;
    if (!node.data.trim() || !seen(within)) continue;
    const range = document.createRange(), box = (within.closest("button, article, li, header, main, footer, dialog, #told") ?? document.body).getBoundingClientRect();
    range.selectNodeContents(node);
    for (const each of range.getClientRects()) {
      const ink = 0.8 * each.height; // what a font reserves above and below its glyphs is nobody's
      if (each.left < box.left - SLACK || each.right > box.right + SLACK || each.bottom - ink < box.top - SLACK || each.top + ink > box.bottom + SLACK) {
        wrong.push(`"${node.data.trim()}" leaves its place`);
        break;
      }
    }
    for (const word of least ? node.data.matchAll(/[A-Za-z]+/g) : []) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size > 1) wrong.push(`"${word[0]}" is broken`);
    }
  }
  return wrong;
};
// Twice the size of letters that it has by itself.
window.double = () => {
  const root = document.documentElement;
  root.style.fontSize = "";
  root.style.fontSize = `${2 * parseFloat(getComputedStyle(root).fontSize)}px`;
};
window.single = () => {
  document.documentElement.style.fontSize = "";
};
