// What pages do with a script; without one they work as well.
for (const b of document.querySelectorAll('[data-print]')) b.addEventListener('click', () => window.print());
// A form is sent once: the second press of a button would be told that somebody was faster.
document.addEventListener('submit', e => {
  if (e.target.method === 'post') setTimeout(() => e.target.querySelectorAll('button').forEach(b => { b.disabled = true; }));
});
// Going back to a page shows it as it was left: its buttons work again.
addEventListener('pageshow', e => { if (e.persisted) document.querySelectorAll('form[method=post] button').forEach(b => { b.disabled = false; }); });
// Two days take the place of the named period, and a named period that of two days.
for (const p of document.querySelectorAll('.period')) {
  const days = [...p.querySelectorAll('input[type=date]')], named = p.querySelector('select');
  named.addEventListener('change', () => days.forEach(d => { d.value = ''; }));
}
// What waits for somebody is counted in the menu: a page that stays open asks for it anew.
const menu = document.getElementById('menu');
async function askMenu() {
  if (document.hidden || menu.contains(document.activeElement)) return;
  try {
    const answer = await fetch(`/api/menu?here=${encodeURIComponent(menu.dataset.here)}`, { credentials: 'same-origin' });
    if (!answer.ok) return;
    const text = await answer.text();
    if (text !== menu.innerHTML && !menu.contains(document.activeElement)) menu.innerHTML = text;
  } catch { /* no connection: the next look tells */ }
}
if (menu) {
  setInterval(askMenu, 30000);
  addEventListener('focus', askMenu);
}
// The menu of a narrow window shows where one is.
const here = document.querySelector('.bar-top nav [aria-current]');
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;
// What can be scrolled sideways and holds nothing to go to is reached with the keyboard itself.
const reach = () => document.querySelectorAll('.scroll').forEach(s => {
  const needed = s.scrollWidth > s.clientWidth + 1 && !s.querySelector('a, button, input, select, textarea');
  if (!needed) return s.removeAttribute('tabindex');
  s.tabIndex = 0;
  s.setAttribute('role', 'group');
  s.setAttribute('aria-label', s.closest('section')?.querySelector('h2')?.textContent ?? document.title);
});
reach();
addEventListener('resize', reach);
