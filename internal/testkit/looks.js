// What is wrong with the look of the page that is open, as lines of text; empty: nothing
// that can be told without eyes. looks.go asks for it.
(() => {
  const flaws = [], root = document.documentElement;
  const seen = e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const call = e => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ''}${typeof e.className === 'string' && e.className ? `.${e.className.trim().replaceAll(' ', '.')}` : ''} “${e.textContent.trim().replace(/\s+/g, ' ').slice(0, 40)}”`;
  const up = function* (e) { for (; e; e = e.parentElement) yield e; };
  if (root.scrollWidth > innerWidth + 1) flaws.push(`the page is ${root.scrollWidth - innerWidth} wider than its window`);

  // The lines of text, without what may be cut or scrolled.
  const lines = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode()) && lines.length < 1500;) {
    const e = n.parentElement;
    if (!n.data.trim() || !seen(e) || e.closest('.sr, .unseen, .hidden, .skip, option, script, style, svg, textarea')) continue;
    if ([...up(e)].some(p => getComputedStyle(p).overflowX !== 'visible')) continue;
    const range = document.createRange();
    range.selectNodeContents(n);
    // A line's box is higher than its letters.
    for (const b of range.getClientRects()) if (b.width > 1) lines.push({ e, text: n.data.trim().slice(0, 30), left: b.left, right: b.right, top: b.top + b.height * 0.25, bottom: b.bottom - b.height * 0.25 });
  }
  lines.forEach((a, i) => {
    const over = lines.slice(i + 1, i + 120).find(b => b.e !== a.e && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1);
    if (over) flaws.push(`“${a.text}” and “${over.text}” lie over each other`);
    const box = a.e.closest('.card, .strip, .alarms li, .tag, button, .button')?.getBoundingClientRect();
    if (box && (a.right > box.right + 1 || a.left < box.left - 1 || a.bottom > box.bottom + 1)) flaws.push(`“${a.text}” stands out of ${call(a.e.closest('.card, .strip, .alarms li, .tag, button, .button'))}`);
  });
  for (const card of document.querySelectorAll('.card')) {
    const box = card.getBoundingClientRect();
    for (const e of card.querySelectorAll('input, select, textarea, button, .button, canvas, svg, table')) {
      if (seen(e) && !e.closest('.scroll, .paper, .unseen, .sr') && e.getBoundingClientRect().right > box.right + 1) flaws.push(`${call(e)} stands out of its card`);
    }
  }
  for (const e of document.querySelectorAll('body *')) {
    const cut = e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).overflowX === 'hidden';
    if (cut && seen(e) && [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim()) && !e.closest('.sr, .unseen, .hidden') && e.title !== e.textContent) flaws.push(`${call(e)} is cut, and has no title that tells the rest`);
  }
  const main = document.querySelector('main').innerText;
  for (const odd of main.match(/\?[a-z]+_[a-z_]+|undefined|NaN|<no value>|%!\w|\[object/g) ?? []) flaws.push(`“${odd}” stands in the page`);
  return [...new Set(flaws)].slice(0, 12);
})()
